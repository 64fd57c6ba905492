import time

import jwt as pyjwt


class Signer:
    algorithm = "HS512"

    def __init__(self, key):
        self._key = key

    def sign(self, **claims):
        claims["iat"] = int(time.time())
        return pyjwt.encode(claims, self._key, algorithm="HS512")

    def read(self, token):
        return pyjwt.decode(token, self._key)


signer = Signer("s" * 64)
