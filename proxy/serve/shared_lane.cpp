#include "proxy/serve/shared_lane.h"

#include <cstring>
#include <utility>

#include "proxy/http/characters.h"
#include "proxy/http/websocket.h"
#include "proxy/serve/shared_connection.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {
namespace {

// Trailers beyond this have no honest use; what does not fit is left out.
constexpr std::size_t kMostTrailers = 8 * 1024;
// Interim answers that came together and were not passed on yet: more are not waited for.
constexpr std::size_t kMostHeads = 16;

}  // namespace

SharedLane::SharedLane(SharedPool& pool, net::Waiter& waiter, const upstream::Endpoint& endpoint,
                       const upstream::Upstream& upstream, Asks asks, std::string_view websocket_key)
    : pool_(pool),
      waiter_(waiter),
      endpoint_(endpoint),
      upstream_(upstream),
      asks_(asks),
      came_(pool.context().buffers),
      websocket_key_(websocket_key) {
    stream.writable = true;
}

SharedLane::~SharedLane() {
    if (connection_ != nullptr)
        connection_->leave(*this);
    else
        pool_.leave_queue(*this);
}

void SharedLane::stand_on(SharedConnection& connection, bool reused) {
    connection_ = &connection;
    granted_.place = Place::here;
    granted_.reused = reused;
}

void SharedLane::give_up(Failure failure, const std::string& why) {
    granted_.place = Place::failed;
    granted_.failure = failure;
    granted_.why = why;
    waiter_.wake();
}

void SharedLane::use_http1(std::unique_ptr<upstream::Connection> wire) {
    granted_.wire = std::move(wire);
    granted_.place = Place::http1;
    waiter_.wake();
}

void SharedLane::head_came(std::string_view text, const http::Head& head, bool end) {
    if (came_.heads.size() == kMostHeads) {
        if (connection_ != nullptr) connection_->give_up(*this);
        return lose(Lost::malformed, "more interim answers at once than are passed on");
    }
    auto& came = came_.heads.emplace_back(std::make_unique<CameHead>(CameHead{std::string(text), head}));
    if (asks_ == Asks::websocket && head.status / 100 == 2 && !switch_protocols(*came)) {
        came_.heads.pop_back();
        cut();
        return lose(Lost::malformed, "its head is too large");
    }
    came_.heard = true;
    came_.ended = end;
    stream.readable = true;
    waiter_.wake();
}

void SharedLane::data_came(std::string_view octets, bool end) {
    came_.body.append(octets);
    came_.ended = came_.ended || end;
    stream.readable = true;
    waiter_.wake();
}

void SharedLane::trailer_came(std::string_view name, std::string_view value) {
    if (came_.trailers.size() + name.size() + value.size() + 4 > kMostTrailers) return;
    came_.trailers.append(name).append(": ").append(value).append("\r\n");
}

// An answer that is here as a whole stands, whatever becomes of the way to ask for it.
void SharedLane::lose(Lost how, const char* why) {
    if (lost_ != Lost::no) return;
    lost_ = how;
    why_lost_ = why;
    stream.readable = stream.writable = true;
    waiter_.wake();
}

void SharedLane::invite() {
    stream.writable = true;
    waiter_.wake();
}

// What HTTP/1 says where HTTP/2 has said yes (RFC 8441 §5.1). False: there is no room.
bool SharedLane::switch_protocols(CameHead& came) {
    const auto accept = http::websocket_accept(websocket_key_);
    const std::pair<std::string_view, std::string_view> lines[] = {
        {"upgrade", "websocket"},
        {"connection", "upgrade"},
        {"sec-websocket-accept", {accept.data(), accept.size()}},
    };
    http::Head& head = came.head;
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (http::equals_lower(head.fields[i].name.of(came.text.data()), "sec-websocket-accept"))
            head.fields[i].drop = true;  // of a key that it cannot know
    for (const auto& [name, value] : lines) {
        const std::size_t at = came.text.size();
        if (head.field_count == http::kMaxFields || at + name.size() + value.size() + 4 > http::kMaxHead) return false;
        came.text.append(name).append(": ").append(value).append("\r\n");
        http::Field& field = head.fields[head.field_count++];
        field.name = {static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(name.size())};
        field.value = {static_cast<std::uint16_t>(at + name.size() + 2), static_cast<std::uint16_t>(value.size())};
        field.id = http::field_name(name);
        field.drop = false;
        field.line_end = static_cast<std::uint16_t>(came.text.size());
        if (field.id != http::FieldName::other) head.known |= 1u << static_cast<unsigned>(field.id);
    }
    head.size = static_cast<std::uint32_t>(came.text.size());
    head.status = 101;
    return true;
}

bool SharedLane::take_head(http::Head& head, net::Buffer& text) {
    if (came_.heads.empty()) {
        if (lost_ == Lost::no) stream.readable = false;
        return false;
    }
    const CameHead& came = *came_.heads.front();
    head = came.head;
    std::memcpy(text.room().data(), came.text.data(), came.text.size());
    text.filled(came.text.size());
    came_.heads.pop_front();
    return true;
}

void SharedLane::cut() {
    if (connection_ != nullptr) connection_->give_up(*this);
}

Frames::Came SharedLane::pull(Run& run) {
    const auto front = came_.body.front();
    if (front.empty() && !came_.ended) {
        if (lost_ != Lost::no) return Came::failed;
        stream.readable = false;
        return Came::wait;
    }
    run = {front.data(), front.size(), came_.ended && front.size() == came_.body.size()};
    return Came::here;
}

void SharedLane::take(std::size_t octets) {
    if (octets == 0) return;
    came_.body.consume(octets);
    if (connection_ != nullptr) connection_->taken(*this, octets);
}

bool SharedLane::take_whole(std::size_t octets, net::Buffer& to) {
    if (!came_.ended || came_.body.size() != octets || !came_.trailers.empty() || octets > to.room().size())
        return false;
    while (!came_.body.empty()) {
        const auto front = came_.body.front();
        std::memcpy(to.room().data(), front.data(), front.size());
        to.filled(front.size());
        came_.body.consume(front.size());
    }
    return true;
}

Frames::Put SharedLane::note(Put put) {
    if (put == Put::wait) stream.writable = false;
    return put;
}

Frames::Put SharedLane::put_head(std::string_view head, bool end, std::uint64_t& sent) {
    if (lost_ != Lost::no || connection_ == nullptr) return Put::failed;
    const bool ends = end && !tunnels();
    return note(connection_->put_head(*this, head, ends, sent));
}

Frames::Put SharedLane::put_trailers(std::string_view lines, std::uint64_t& sent) {
    if (lost_ != Lost::no || connection_ == nullptr) return Put::failed;
    return note(connection_->put_trailers(*this, lines, sent));
}

Frames::Put SharedLane::put_data(std::string_view& octets, bool end, std::uint64_t& sent) {
    if (lost_ != Lost::no || connection_ == nullptr) return Put::failed;
    return note(connection_->put_data(*this, octets, end, sent));
}

}  // namespace switchyard::serve
