import logging

logging.basicConfig(level=logging.INFO)


def remember(request, answer):
    logging.info("%s answered %r", request.url.path, answer.body[:80])
