from certificates.models.certificates import Certificate

__all__ = ["Certificate"]
