import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=True,
    SECRET_KEY="x",
    ROOT_URLCONF=__name__,
)


def home(request):
    return HttpResponse("home")


def broken(request):
    pin = "1234"
    return HttpResponse({}["gone"])


urlpatterns = [path("", home), path("broken", broken)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
