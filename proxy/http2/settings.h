// SETTINGS (RFC 9113 §6.5): what the peer announced, and what we announce.
//
// Invariants: values are inside the RFC's ranges. Unknown identifiers are passed over.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http2/frame.h"

namespace switchyard::http2 {

// An honest peer sends six or so; a frame of 16 KiB could hold 2,730.
inline constexpr std::size_t kMaxSettings = 32;
inline constexpr std::uint32_t kDefaultWindow = 65'535;
inline constexpr std::uint32_t kMaxWindow = 0x7fffffff;

struct Settings {
    std::uint32_t header_table_size = 4'096;
    bool enable_push = true;
    std::uint32_t max_concurrent_streams = 0xffffffff;
    std::uint32_t initial_window = kDefaultWindow;
    std::uint32_t max_frame = kMaxPayload;
    std::uint32_t max_header_list = 0xffffffff;
    bool connect_protocol = false;  // RFC 8441

    bool operator==(const Settings&) const = default;
};

enum class Role : std::uint8_t { server, client };

// Applies a SETTINGS payload (a multiple of 6) of a peer that is not `us`. no_error, or why the connection ends; then
// `settings` is of no use.
ErrorCode apply_settings(std::string_view payload, Role us, Settings& settings);

// The payload that tells the peer what differs from the defaults.
std::string settings_payload(const Settings& ours, Role us);

}  // namespace switchyard::http2
