from django.urls import path

from books import views

urlpatterns = [path("seed", views.seed), path("books", views.listing)]
