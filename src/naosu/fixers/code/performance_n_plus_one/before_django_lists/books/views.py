from django.core.management import call_command
from django.db import connection
from django.http import JsonResponse

from books.models import Author, Book, Country, Tag


def _tables():
    with connection.schema_editor() as editor:
        known = connection.introspection.table_names()
        for model in (Country, Author, Tag, Book):
            if model._meta.db_table not in known:
                editor.create_model(model)


def seed(request):
    _tables()
    tag = Tag.objects.create(label="new")
    for number in range(12):
        country = Country.objects.create(name=f"c{number}")
        author = Author.objects.create(name=f"a{number}", country=country)
        Book.objects.create(title=f"t{number}", author=author).tags.add(tag)
    return JsonResponse({"books": Book.objects.count()})


def listing(request):
    _tables()
    rows = []
    for book in Book.objects.order_by("id"):
        rows.append({
            "title": book.title,
            "author": book.author.name,
            "country": book.author.country.name,
            "tags": [tag.label for tag in book.tags.all()],
        })
    return JsonResponse({"books": rows})
