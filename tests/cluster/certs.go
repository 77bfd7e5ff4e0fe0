package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certs writes what a cluster on this machine needs, as PEM files in a folder:
//
//	ca.crt          the authority that all below are signed by
//	server.crt|key  kube-apiserver on 127.0.0.1, ::1 and localhost
//	admin.crt|key   a client certificate of group system:masters
//	sa.key, sa.pub  the key pair of service account tokens
//	stranger.crt    an authority that signed none of them, for tests of the wrong CA
func certs(args []string) {
	if len(args) != 1 {
		fail(exitUsage, "usage: controlplane certs DIR")
	}
	dir := args[0]
	ca, caKey := newCertificate(dir, "ca", &x509.Certificate{
		Subject:               pkix.Name{CommonName: "cluster-ca"},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}, nil, nil)
	newCertificate(dir, "server", &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "kubernetes", "kubernetes.default",
			"kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 0, 0, 1)},
	}, ca, caKey)
	newCertificate(dir, "admin", &x509.Certificate{
		Subject:     pkix.Name{CommonName: "admin-by-certificate", Organization: []string{"system:masters"}},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca, caKey)
	newCertificate(dir, "stranger", &x509.Certificate{
		Subject:               pkix.Name{CommonName: "stranger-ca"},
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}, nil, nil)
	tokens := newKey(dir, "sa")
	writePublic(dir, "sa", tokens.Public())
}

// newCertificate writes NAME.crt and NAME.key. Without a parent it signs itself.
func newCertificate(dir, name string, template, parent *x509.Certificate, parentKey crypto.Signer) (*x509.Certificate, crypto.Signer) {
	key := newKey(dir, name)
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	orDie(err)
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // clocks differ between machines and containers
	template.NotAfter = time.Now().Add(30 * 24 * time.Hour)
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	orDie(err)
	writePEM(dir, name+".crt", "CERTIFICATE", der)
	certificate, err := x509.ParseCertificate(der)
	orDie(err)
	return certificate, key
}

func newKey(dir, name string) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	orDie(err)
	der, err := x509.MarshalECPrivateKey(key)
	orDie(err)
	writePEM(dir, name+".key", "EC PRIVATE KEY", der)
	return key
}

func writePublic(dir, name string, key crypto.PublicKey) {
	der, err := x509.MarshalPKIXPublicKey(key)
	orDie(err)
	writePEM(dir, name+".pub", "PUBLIC KEY", der)
}

func writePEM(dir, name, kind string, der []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	orDie(os.WriteFile(filepath.Join(dir, name), text, 0o600))
}

func orDie(err error) {
	if err != nil {
		fail(exitTemporary, "%v", err)
	}
}
