#include "control/upgrade/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace switchyard::control::upgrade {
namespace {

void put(std::string& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint64_t get(std::string_view from, std::size_t at, int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(from[at + static_cast<std::size_t>(i)])} << (8 * i);
    return value;
}

}  // namespace

std::vector<Packet> packets_of(const Json& message, std::size_t descriptors) {
    const std::string text = message.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::vector<Packet> out;
    std::size_t at = 0, left = descriptors;
    do {
        Packet packet;
        put(packet.bytes, text.size(), 4);
        put(packet.bytes, descriptors, 4);
        put(packet.bytes, kProtocol, 2);
        put(packet.bytes, 0, 2);
        const auto part = std::min(kPart, text.size() - at);
        packet.bytes.append(text, at, part);
        at += part;
        packet.descriptors = std::min(left, kMostDescriptors);
        left -= packet.descriptors;
        out.push_back(std::move(packet));
    } while (at < text.size() || left > 0);
    return out;
}

Result<std::optional<Json>> Assembly::feed(std::string_view packet, std::size_t descriptors) {
    if (packet.size() < kHead) return problems::internal("a packet is shorter than its head");
    const auto length = static_cast<std::size_t>(get(packet, 0, 4));
    const auto expected = static_cast<std::size_t>(get(packet, 4, 4));
    if (const auto protocol = get(packet, 8, 2); protocol != kProtocol)
        return problems::internal(
            fmt::format("it speaks protocol {} of upgrades, and this one {}", protocol, kProtocol));
    if (length > kLongest) return problems::internal("a message is longer than any");
    if (!std::exchange(begun_, true)) {
        length_ = length;
        expected_ = expected;
    }
    if (length != length_ || expected != expected_) return problems::internal("a packet belongs to another message");
    text_.append(packet.substr(kHead));
    got_ += descriptors;
    if (text_.size() > length_ || got_ > expected_) return problems::internal("more came than was announced");
    if (text_.size() < length_ || got_ < expected_) return std::optional<Json>{};
    auto message = Json::parse(text_, nullptr, false);
    *this = {};
    if (!message.is_object() || !message.contains("type") || !message["type"].is_string())
        return problems::internal("what came is no message");
    return std::optional<Json>{std::move(message)};
}

}  // namespace switchyard::control::upgrade
