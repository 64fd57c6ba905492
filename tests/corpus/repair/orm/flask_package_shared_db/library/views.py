from flask import Blueprint, jsonify

from . import db
from .models import Book

bp = Blueprint("books", __name__)


@bp.get("/books")
def books():
    return jsonify([b.title for b in db.session.scalars(db.select(Book))])
