"""Addresses of the rooms for people."""

from django.urls import path

from reviews.web import engagements, files, home, jump, key_list, marks, notes, preferences, releases, statements, tree

release = "products/<slug:product>/<str:version>/"
urlpatterns = [
    path("", home.home, name="home"),
    path("jump/", jump.jump, name="jump"),
    path("help/keys/", key_list.keys_help, name="keys-help"),
    path("theme/", preferences.theme, name="theme"),
    path(release, releases.release, name="release"),
    path(release + "dossier.zip", releases.dossier, name="dossier"),
    path(release + "tree/", tree.folder, name="tree"),
    path(release + "tree/<path:path>/", tree.folder, name="folder"),
    path(release + "file/<path:path>", files.file, name="file"),
    path(release + "raw/<path:path>", files.raw, name="raw"),
    path(release + "withdrawn/<int:identity>/tree/", tree.folder, name="withdrawn-tree"),
    path(release + "withdrawn/<int:identity>/tree/<path:path>/", tree.folder, name="withdrawn-folder"),
    path(release + "withdrawn/<int:identity>/file/<path:path>", files.file, name="withdrawn-file"),
    path("engagements/", engagements.engagements, name="engagements"),
    path("engagements/new/", engagements.create, name="engagement-new"),
    path("engagements/<int:identity>/", engagements.engagement, name="engagement"),
    path("engagements/<int:identity>/notes/", notes.write, name="note-write"),
    path("engagements/<int:identity>/marks/", marks.mark, name="mark"),
    path("engagements/<int:identity>/statements/", statements.freeze, name="statement-freeze"),
    path("engagements/<int:identity>/statements/new/", statements.new, name="statement-new"),
    path("notes/<int:identity>/delete/", notes.delete, name="note-delete"),
    path("notes/<int:identity>/restore/", notes.restore, name="note-restore"),
    path("statements/<int:identity>/", statements.statement, name="statement"),
    path("statements/<int:identity>/statement.json", statements.payload, name="statement-payload"),
    path("statements/<int:identity>/statement.pae", statements.signed_bytes, name="statement-pae"),
]
