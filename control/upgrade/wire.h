// What two processes say to each other when one takes the other's place: messages with descriptors, in packets.
//
// A message is a JSON object with a `type`, which may come with descriptors; their meaning is their order. It is cut
// into packets, each behind a head: the length of the whole message, how many descriptors come with all of it, and the
// protocol. A reader passes over fields that it does not know, and refuses types and protocols that it does not know:
// the two may be years apart.
// Invariants: no structure of memory crosses. A length above kLongest, or a packet that belongs to nothing, is refused.
// Pure. Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/base/result.h"

namespace switchyard::control::upgrade {

using Json = nlohmann::ordered_json;

inline constexpr std::uint16_t kProtocol = 1;
// A configuration of ten thousand endpoints, their health, and what is said of it; above that it is no message.
inline constexpr std::size_t kLongest = 64 * 1024 * 1024;
inline constexpr std::size_t kHead = 12;
inline constexpr std::size_t kPart = 48 * 1024;  // of a message in one packet; a socket's buffer holds some of them
inline constexpr std::size_t kMostDescriptors = 200;  // with one packet: SCM_MAX_FD is 253

struct Packet {
    std::string bytes;
    std::size_t descriptors = 0;  // that go with it: the next ones of the message
};

std::vector<Packet> packets_of(const Json& message, std::size_t descriptors);

// Puts a message together again.
class Assembly {
  public:
    // A message has come in part.
    bool begun() const { return begun_; }
    // Nothing: more packets follow.
    Result<std::optional<Json>> feed(std::string_view packet, std::size_t descriptors);

  private:
    std::string text_;
    std::size_t length_ = 0, expected_ = 0, got_ = 0;
    bool begun_ = false;
};

}  // namespace switchyard::control::upgrade
