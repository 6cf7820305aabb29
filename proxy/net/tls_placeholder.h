// What a listener shows while none of its certificates can be read: a certificate that no client trusts.
//
// Signed by itself, without names, for a day that lies in the past and the future alike: a handshake ends in the client
// with words about the certificate and not with a broken connection that could be anything.
// Threads: any. Errors: throws std::runtime_error when OpenSSL has no key.
#pragma once

#include <memory>

#include "proxy/net/tls_identity.h"

namespace switchyard::net {

std::shared_ptr<const TlsIdentity> make_tls_placeholder();

}  // namespace switchyard::net
