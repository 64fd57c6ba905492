from .crypto import hasher

PEOPLE = {"old": "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"}


def add(name, password):
    PEOPLE[name] = hasher.hash(password)


def check(name, password):
    return name in PEOPLE and hasher.verify(password, PEOPLE[name])
