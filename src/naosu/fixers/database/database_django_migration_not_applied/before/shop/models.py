from django.db import models
class Product(models.Model):
    name = models.CharField(max_length=50)
    sku = models.CharField(max_length=20, default="", db_index=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
