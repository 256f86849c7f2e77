"""That somebody's account was closed or opened again, by whom and why. People are never deleted: what they did keeps its author."""

from __future__ import annotations

from django.db import models

from transparency.models.organisation import Person


class AccountChange(models.Model):
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="account_changes")
    active = models.BooleanField(help_text="What the account was made: open (true) or closed.")
    reason = models.TextField()
    by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.person} {'opened' if self.active else 'closed'}"
