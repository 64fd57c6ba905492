from sqlalchemy import text

TABLE = "members"


class Members:
    def __init__(self, session):
        self.session = session

    def search(self, term, city, limit: int = 10):
        query = f"""
            SELECT id, name
            FROM {TABLE}
            WHERE name LIKE :term AND city = :city
            LIMIT :limit
        """
        return self.session.execute(text(query), {"term": f"%{term}%", "city": city, "limit": limit}).fetchall()
