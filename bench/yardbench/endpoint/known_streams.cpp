#include "bench/yardbench/endpoint/known_streams.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace yardbench {
namespace {

constexpr std::uint32_t kStreams = 1000;            // at once on a connection
constexpr std::int32_t kWindow = 16 * 1024 * 1024;  // its bodies are thrown away

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
    const auto octets = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

KnownStreams::KnownStreams(const KnownAnswer& answer, Asked asked)
    : answer_(answer), asked_(std::move(asked)), grpc_status_(std::to_string(std::max(answer.grpc_status, 0))) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
            if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
            if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
                static_cast<KnownStreams*>(self)->asked_(frame->hd.stream_id);
            return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t stream, std::uint32_t, void* self) {
            static_cast<KnownStreams*>(self)->left_.erase(stream);
            return 0;
        });
    const int made = nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) throw std::bad_alloc();
    const std::array<nghttp2_settings_entry, 2> settings{
        {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreams}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

KnownStreams::~KnownStreams() {
    nghttp2_session_del(session_);
}

bool KnownStreams::feed(std::string_view octets) {
    const auto taken =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
    return taken == static_cast<ssize_t>(octets.size());
}

ssize_t KnownStreams::give(nghttp2_session* session, std::int32_t stream, std::uint8_t* to, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source*, void* self) {
    auto& streams = *static_cast<KnownStreams*>(self);
    const std::string& body = streams.answer_.body;
    std::size_t& left = streams.left_[stream];
    if (!body.empty()) {
        const std::size_t at = (body.size() - left % body.size()) % body.size();
        room = std::min({room, body.size() - at, left});  // a frame ends with a message
        std::memcpy(to, body.data() + at, room);
    }
    room = std::min(room, left);
    left -= room;
    if (left != 0) return static_cast<ssize_t>(room);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (streams.answer_.grpc_status < 0) return static_cast<ssize_t>(room);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const nghttp2_nv trailer = pair_of("grpc-status", streams.grpc_status_);
    nghttp2_submit_trailer(session, stream, &trailer, 1);
    return static_cast<ssize_t>(room);
}

void KnownStreams::answer(std::int32_t stream) {
    std::array<nghttp2_nv, 4> fields;
    std::size_t count = 0;
    fields[count++] = pair_of(":status", answer_.status);
    fields[count++] = pair_of("content-type", answer_.content_type);
    const std::string length = std::to_string(answer_.body.size());
    if (answer_.grpc_status < 0) fields[count++] = pair_of("content-length", length);
    if (!answer_.extra_name.empty()) fields[count++] = pair_of(answer_.extra_name, answer_.extra_value);
    left_[stream] = answer_.body.size() * answer_.messages;
    nghttp2_data_provider body{};
    body.read_callback = give;
    if (nghttp2_submit_response(session_, stream, fields.data(), count, &body) != 0) left_.erase(stream);
}

void KnownStreams::take_output(std::string& to) {
    const std::uint8_t* frame = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(session_, &frame)) > 0;)
        to.append(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size));
}

}  // namespace yardbench
