"""Shoppers who browse and buy, made by Locust, on one machine or on several."""
