"""People, tokens, sessions and installation-wide values."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from naosu.domain.account import Account, ApiToken, Role, Session
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.storage.ledger_keys import minute_of
from naosu.storage.sql.session import SqlPart
from naosu.storage.sql.side_tables import account, api_token, session, setting

AnyRow = Row[*tuple[Any, ...]]


class SqlAccounts(SqlPart):
    """Who may use the server."""

    def create_account(
        self, *, email: str, password_hash: str, role: Role, language: str = "", now: datetime
    ) -> Account:
        """Make an account. Raises ConflictError when the address (in any case) is taken."""
        made = _insert_of(email, password_hash, role, language, now)
        try:
            with self._writing(visible=False) as connection:
                account_id = connection.execute(made).scalar_one()
        except IntegrityError as error:
            raise ConflictError(f"There is an account for {email} already.") from error
        return self.get_account(account_id)

    def create_first_account(
        self, *, email: str, password_hash: str, language: str = "", link: tuple[str, str], now: datetime
    ) -> Account:
        """Make the first admin and spend the link, both or neither. Raises ConflictError when it is too late."""
        name, content = link
        spent = delete(setting).where(setting.c.name == name, setting.c.value == content)
        with self._writing(visible=False) as connection:
            # Whoever comes second waits here for the first, and then finds nothing to remove.
            if not _changed(connection, spent) or connection.execute(select(account.c.id)).first() is not None:
                raise ConflictError("The first account was made already.")
            made = _insert_of(email, password_hash, Role.ADMIN, language, now)
            account_id = connection.execute(made).scalar_one()
        return self.get_account(account_id)

    def list_accounts(self) -> list[Account]:
        """Return all accounts, by address."""
        with self._reading() as connection:
            return list(map(_account, connection.execute(select(account).order_by(account.c.email_folded)).all()))

    def find_account(self, email: str) -> Account | None:
        """Return the account with this address, in any case."""
        with self._reading() as connection:
            wanted = select(account).where(account.c.email_folded == email.casefold())
            row = connection.execute(wanted).one_or_none()
        return _account(row) if row is not None else None

    def get_account(self, account_id: int) -> Account:
        """Return one. Raises NotFoundError."""
        with self._reading() as connection:
            row = connection.execute(select(account).where(account.c.id == account_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no account {account_id}.")
        return _account(row)

    def update_account(
        self,
        account_id: int,
        *,
        password_hash: str | None = None,
        role: Role | None = None,
        language: str | None = None,
        disabled: bool | None = None,
    ) -> Account:
        """Change what is given. Raises NotFoundError."""
        values = {"password_hash": password_hash, "role": role and role.value, "language": language}
        given: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        if disabled is not None:
            given["disabled"] = disabled
        if given:
            with self._writing(visible=False) as connection:
                connection.execute(update(account).where(account.c.id == account_id).values(**given))
        return self.get_account(account_id)

    def create_token(self, *, name: str, role: Role, token_sha256: str, now: datetime) -> ApiToken:
        """Keep a token's hash. Raises ConflictError when the name is taken by one not revoked."""
        values = {"name": name, "role": role.value, "token_sha256": token_sha256, "created_at": now, "revoked": False}
        with self._writing(visible=False) as connection:
            taken = select(api_token.c.id).where(api_token.c.name == name, ~api_token.c.revoked)
            if connection.execute(taken).first() is not None:
                raise ConflictError(f"There is a token “{name}” already.")
            token_id = connection.execute(insert(api_token).values(**values).returning(api_token.c.id)).scalar_one()
        return ApiToken(id=token_id, name=name, role=role, token_sha256=token_sha256, created_at=now)

    def list_tokens(self) -> list[ApiToken]:
        """Return all tokens, revoked ones included."""
        with self._reading() as connection:
            return list(map(_token, connection.execute(select(api_token).order_by(api_token.c.id)).all()))

    def find_token(self, token_sha256: str) -> ApiToken | None:
        """Return the token with this hash, unless revoked."""
        wanted = select(api_token).where(api_token.c.token_sha256 == token_sha256, ~api_token.c.revoked)
        with self._reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _token(row) if row is not None else None

    def touch_token(self, token_id: int, *, now: datetime) -> None:
        """Remember that it was used (to the minute)."""
        column, minute = api_token.c, minute_of(now)
        stale = (column.id == token_id, (column.last_used_at.is_(None)) | (column.last_used_at != minute))
        with self._reading() as connection:
            if connection.scalar(select(column.id).where(*stale)) is None:
                return
        with self._writing(visible=False) as connection:
            connection.execute(update(api_token).where(column.id == token_id).values(last_used_at=minute))

    def revoke_token(self, token_id: int) -> None:
        """It opens nothing any more. Raises NotFoundError."""
        with self._writing(visible=False) as connection:
            if not _changed(connection, update(api_token).where(api_token.c.id == token_id).values(revoked=True)):
                raise NotFoundError(f"There is no token {token_id}.")

    def create_session(self, session: Session) -> None:
        """Keep a session."""
        values = {name: getattr(session, name) for name in Session.__struct_fields__}
        with self._writing(visible=False) as connection:
            connection.execute(insert(_sessions).values(**values))

    def find_session(self, session_sha256: str, *, now: datetime) -> Session | None:
        """Return it unless it has expired."""
        column = _sessions.c
        wanted = select(_sessions).where(column.session_sha256 == session_sha256, column.expires_at > now)
        with self._reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return Session(**row._asdict()) if row is not None else None

    def delete_session(self, session_sha256: str) -> None:
        """Sign out."""
        with self._writing(visible=False) as connection:
            connection.execute(delete(_sessions).where(_sessions.c.session_sha256 == session_sha256))

    def delete_sessions_of(self, account_id: int) -> None:
        """Sign out everywhere."""
        with self._writing(visible=False) as connection:
            connection.execute(delete(_sessions).where(_sessions.c.account_id == account_id))

    def get_value(self, name: str) -> str | None:
        """Return an installation-wide value (signing key, first-run link hash …)."""
        with self._reading() as connection:
            return connection.scalar(select(setting.c.value).where(setting.c.name == name))

    def set_value(self, name: str, value: str | None) -> None:
        """Set or remove it."""
        with self._writing(visible=False) as connection:
            mine = setting.c.name == name
            if value is None:
                connection.execute(delete(setting).where(mine))
            elif not _changed(connection, update(setting).where(mine).values(value=value)):
                _insert_value_if_absent(connection, name, value)
                connection.execute(update(setting).where(mine).values(value=value))

    def set_value_if_absent(self, name: str, value: str) -> str:
        """Set it unless it is set, and return what is set now: two processes that start at once agree."""
        with self._writing(visible=False) as connection:
            _insert_value_if_absent(connection, name, value)
            stored: str = connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar_one()
            return stored


_sessions = session


def _insert_of(email: str, password_hash: str, role: Role, language: str, now: datetime) -> ReturningInsert[Any]:
    made = insert(account).values(
        email=email,
        email_folded=email.casefold(),
        role=role.value,
        password_hash=password_hash,
        language=language,
        created_at=now,
        disabled=False,
    )
    return made.returning(account.c.id)


def _insert_value_if_absent(connection: Connection, name: str, value: str) -> None:
    mark = "?, ?" if connection.dialect.name == "sqlite" else "%s, %s"
    sql = f"INSERT INTO setting (name, value) VALUES ({mark}) ON CONFLICT DO NOTHING"  # noqa: S608 -- our own marks
    connection.exec_driver_sql(sql, (name, value))


def _changed(connection: Connection, statement: Any) -> bool:
    return bool(connection.execute(statement).rowcount)


def _account(row: AnyRow) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        role=Role(row.role),
        password_hash=row.password_hash,
        language=row.language,
        created_at=row.created_at,
        disabled=row.disabled,
    )


def _token(row: AnyRow) -> ApiToken:
    return ApiToken(**row._asdict() | {"role": Role(row.role)})
