from fastapi import FastAPI, Response
from passlib.hash import bcrypt

app = FastAPI()
known = {}


class Passwords:
    def seal(self, text):
        return bcrypt.using(rounds=4).hash(text)

    def fits(self, text, sealed):
        return bcrypt.verify(text, sealed)


passwords = Passwords()


@app.post("/register")
def register(name: str, password: str):
    known[name] = passwords.seal(password)
    return {"name": name}


@app.post("/login")
def login(name: str, password: str, response: Response):
    fits = passwords.fits(password, known.get(name) or passwords.seal("x"))
    response.status_code = 200 if fits else 401
    return {"fits": fits}
