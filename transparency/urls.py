"""Addresses of both apps."""

from django.urls import path

urlpatterns: list[path] = []
