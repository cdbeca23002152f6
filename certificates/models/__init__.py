from certificates.models.certificates import AttestedSession, Certificate, NotIssued

__all__ = ["AttestedSession", "Certificate", "NotIssued"]
