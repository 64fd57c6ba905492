from django.http import HttpResponse
from django.urls import path


def home(request):
    return HttpResponse("home")


def broken(request):
    api_key = "sk-secret"
    return HttpResponse(1 / 0)


urlpatterns = [path("", home), path("broken", broken)]
