def create(client):
    acm = client("acm")
    acm.request_certificate(DomainName="right.clinic.example", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")
    acm.request_certificate(DomainName="wrong.clinic.example", ValidationMethod="EMAIL", KeyAlgorithm="RSA_1024",
                            Options={"CertificateTransparencyLoggingPreference": "DISABLED"})
    return {"aws.acm.certificate": {"right": "right.clinic.example", "wrong": "wrong.clinic.example"}}
