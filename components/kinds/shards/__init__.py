"""Prepared examples in shards that lie at an address, read as if they were one array on this disk.

index.py    which shards an array has, and their hashes      order.py    in what order a training goes through them
written.py  an array -> shards at the address                 array.py    the array
cache.py    the shards that are here, of those elsewhere      reader.py   shards, fetched ahead of who reads them
"""
