// What became of TLS handshakes, by reason: counted by workers, summed by control.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchyard {

// Why a handshake with a client came to nothing.
enum class TlsTrouble : std::uint8_t {
    timeout,             // it was not over in its time
    too_many,            // as many as a worker has under way at once were
    plain_http,          // HTTP without TLS
    left,                // the client went away in the middle of it
    refused,             // by the client, with an alert: it does not like the certificate
    nothing_shared,      // no version, cipher, group or protocol that both speak
    unknown_name,        // strict_sni
    client_certificate,  // none where one is required, or a bad one
    malformed,           // and whatever else OpenSSL has to say
};
inline constexpr std::array<std::string_view, 9> kTlsTroubles{
    "timeout",        "too_many",     "plain_http",         "left",     "refused",
    "nothing_shared", "unknown_name", "client_certificate", "malformed"};

using TlsTroubleCounts = std::array<std::uint64_t, kTlsTroubles.size()>;

// Handshakes with endpoints.
struct EndpointTlsCounts {
    std::uint64_t full = 0, resumed = 0, failed = 0, untrusted = 0;
};

}  // namespace switchyard
