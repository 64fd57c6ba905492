import sqlite3

from flask import Flask, jsonify, request

app = Flask(__name__)


def connect():
    connection = sqlite3.connect(":memory:")
    connection.execute("create table people (id integer, email text)")
    connection.execute("insert into people values (1, 'a@b.c')")
    return connection


@app.get("/find")
def find():
    email = request.args.get("email", "")
    cursor = connect().cursor()
    cursor.execute("SELECT id FROM people WHERE email = '%s'" % email)
    return jsonify(cursor.fetchall())


@app.get("/count")
def count():
    cursor = connect().cursor()
    cursor.execute("SELECT count(*) FROM people WHERE email = '" + request.args["email"] + "'")
    return jsonify(cursor.fetchone())
