"""Bills of materials, and how each compares with the source."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transparency', '0009_git_deliveries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sbom',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=255)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('form', models.CharField(max_length=16)),
                ('title', models.CharField(blank=True, help_text='What the document calls itself.', max_length=1000)),
                ('tree', models.JSONField(help_text='Counts and the first paths of each list, as sbom/against.py makes them.')),
                ('packages', models.JSONField(help_text='The first packages that it declares: [{name, version, purl, licence}].')),
                ('packages_declared', models.PositiveIntegerField()),
                ('subjects', models.JSONField(help_text='What it says to be about, as packages.')),
                ('findings', models.JSONField(help_text='Where it is not about the release: [{rule, detail}].')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sboms', to='transparency.delivery')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sboms', to='transparency.release')),
                ('sender', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sboms', to=settings.AUTH_USER_MODEL)),
                ('snapshot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sboms', to='transparency.snapshot')),
            ],
            options={
                'verbose_name': 'bill of materials',
                'verbose_name_plural': 'bills of materials',
                'ordering': ('created_at',),
                'constraints': [models.UniqueConstraint(fields=('release', 'delivery', 'sha256'), name='sbom_once')],
            },
        ),
    ]
