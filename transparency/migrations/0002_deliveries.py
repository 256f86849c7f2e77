import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transparency', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AnchorKeyId',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_id', models.CharField(db_index=True, help_text='16 hex digits, upper case.', max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name='DeliveryToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('digest', models.CharField(help_text='SHA-256 of the token.', max_length=64, unique=True)),
                ('valid_until', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('created_at',),
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('admitted', 'Admitted from quarantine'), ('withdrawn', 'Withdrawn'), ('verdict-changed', 'Verdict changed'), ('key-enrolled', 'Key enrolled'), ('key-rotated', 'Key rotated'), ('key-revoked', 'Key revoked')], max_length=24)),
                ('before', models.CharField(blank=True, max_length=200)),
                ('after', models.CharField(blank=True, max_length=200)),
                ('reason', models.TextField(blank=True)),
                ('record', models.BinaryField()),
                ('record_digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('created_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('size', models.BigIntegerField()),
                ('received', models.BigIntegerField(default=0)),
                ('state', models.CharField(choices=[('receiving', 'Receiving'), ('stored', 'Stored')], default='receiving', max_length=16)),
                ('stored', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('touched_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ('created_at',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='trustanchor',
            name='anchor_one_subject',
        ),
        migrations.AddField(
            model_name='delivery',
            name='components',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='delivery',
            name='cover',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='signature_over',
            field=models.CharField(choices=[('archive', 'the file as delivered'), ('decompressed', 'the decompressed tar')], default='archive', max_length=16),
        ),
        migrations.AddField(
            model_name='job',
            name='log',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='trustanchor',
            name='revocation',
            field=models.CharField(blank=True, choices=[('compromised', 'compromised, or no reason known'), ('superseded', 'replaced by another key'), ('retired', 'no longer used')], max_length=16),
        ),
        migrations.AddField(
            model_name='trustanchor',
            name='revocation_reason',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='trustanchor',
            name='revoked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='job',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='transparency.job'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('admitted', 'Admitted'), ('quarantined', 'In quarantine'), ('withdrawn', 'Withdrawn')], max_length=16),
        ),
        migrations.AlterField(
            model_name='trustanchor',
            name='format',
            field=models.CharField(choices=[('ssh', 'SSH'), ('minisign', 'minisign'), ('pem', 'PEM'), ('openpgp', 'OpenPGP'), ('signify', 'signify')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='trustanchor',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', True), ('product__isnull', True)), fields=('organisation', 'fingerprint'), name='anchor_once_per_organisation'),
        ),
        migrations.AddConstraint(
            model_name='trustanchor',
            constraint=models.CheckConstraint(condition=models.Q(('product__isnull', True), ('person__isnull', True), _connector='OR'), name='anchor_one_subject'),
        ),
        migrations.AddConstraint(
            model_name='trustanchor',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revocation', ''), ('revoked_at__isnull', True)), models.Q(('revoked_at__isnull', False), models.Q(('revocation', ''), _negated=True)), _connector='OR'), name='anchor_revocation_whole'),
        ),
        migrations.AddField(
            model_name='anchorkeyid',
            name='anchor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='key_ids', to='transparency.trustanchor'),
        ),
        migrations.AddField(
            model_name='deliverytoken',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deliverytoken',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to='transparency.product'),
        ),
        migrations.AddField(
            model_name='event',
            name='anchor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='transparency.trustanchor'),
        ),
        migrations.AddField(
            model_name='event',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='event',
            name='delivery',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='transparency.delivery'),
        ),
        migrations.AddField(
            model_name='event',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='transparency.organisation'),
        ),
        migrations.AddField(
            model_name='event',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='transparency.product'),
        ),
        migrations.AddField(
            model_name='event',
            name='release',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='transparency.release'),
        ),
        migrations.AddField(
            model_name='upload',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='transparency.product'),
        ),
        migrations.AddField(
            model_name='upload',
            name='sender',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to=settings.AUTH_USER_MODEL),
        ),
    ]
