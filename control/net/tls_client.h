// TLS towards a server outside, from files: whom it is believed, what name it is asked by, and what is shown to it.
//
// It is spoken, and verified, as the workers do it to endpoints (`proxy/net/tls_outward.h`).
// Threads: any. Reading blocks on the files' disk: control's loop does it aside (`PatientRead`).
// Errors: a sentence that names the file.
#pragma once

#include <memory>
#include <string>

#include "proxy/net/tls_outward.h"

namespace switchyard::control::net {

struct TlsClientSettings {
    std::string ca_file = {};      // PEM, whom it is believed; empty: the machine's own authorities
    std::string server_name = {};  // asked for and insisted on; empty: the host that is connected to
    std::string chain_file = {};   // PEM, the client's own certificate and those that signed it; empty: none
    std::string key_file = {};
    bool verify = true;
    bool operator==(const TlsClientSettings&) const = default;
};

// Null, and `why` says which file cannot be used.
std::shared_ptr<const switchyard::net::OutwardTls> read_tls_client(const TlsClientSettings& settings, std::string* why);

}  // namespace switchyard::control::net
