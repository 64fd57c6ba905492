import bcrypt
from fastapi import FastAPI, Response

app = FastAPI()
known = {}


class Passwords:
    def seal(self, text):
        return bcrypt.hashpw(text.encode("utf-8")[:72], bcrypt.gensalt(4)).decode("utf-8")

    def fits(self, text, sealed):
        return bcrypt.checkpw(text.encode("utf-8")[:72], sealed.encode("utf-8"))


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
