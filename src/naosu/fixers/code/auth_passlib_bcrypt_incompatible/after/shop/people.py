import bcrypt

PEOPLE = {"old": "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"}


def add(name, password):
    PEOPLE[name] = bcrypt.hashpw(password.encode("utf-8")[:72], bcrypt.gensalt(5)).decode("utf-8")


def check(name, password):
    return name in PEOPLE and bcrypt.checkpw(password.encode("utf-8")[:72], PEOPLE[name].encode("utf-8"))
