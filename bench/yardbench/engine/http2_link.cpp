#include "bench/yardbench/engine/http2_link.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "bench/yardbench/engine/same_word.h"

namespace yardbench {
namespace {

constexpr std::size_t kMaxFields = 64;
// So much may come before it is taken: windows are not what is measured.
constexpr std::int32_t kWindow = 16 * 1024 * 1024;

// Streams carry their slot's number, from 1 on: null is none.
void* mark_of(std::uint32_t slot) {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(slot) + 1);
}

std::string_view view(const std::uint8_t* octets, std::size_t size) {
    return {reinterpret_cast<const char*>(octets), size};
}

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
    const auto octets = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string_view trimmed_value(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return text;
}

// Fields as they stand in a request's text; names in lower case.
class Fields {
  public:
    Fields(std::string_view head, std::string_view scheme) {
        const auto method_end = head.find(' ');
        const auto path_end = head.find(' ', method_end + 1);
        add(":method", head.substr(0, method_end));
        add(":scheme", scheme);
        const std::size_t authority = count_;
        add(":authority", "");
        add(":path", head.substr(method_end + 1, path_end - method_end - 1));
        for (auto at = head.find("\r\n") + 2; at < head.size();) {
            const auto end = head.find("\r\n", at);
            const std::string_view line = head.substr(at, end - at);
            if (line.empty()) break;
            at = end + 2;
            const auto colon = line.find(':');
            const std::string_view name = line.substr(0, colon), value = trimmed_value(line.substr(colon + 1));
            if (same_word(name, "host"))
                fields_[authority] = pair_of(":authority", value);
            else if (!same_word(name, "connection"))
                add(lowered(name), value);
        }
    }
    const nghttp2_nv* data() const { return fields_.data(); }
    std::size_t size() const { return count_; }

  private:
    void add(std::string_view name, std::string_view value) {
        if (count_ == kMaxFields) throw std::invalid_argument("a request has at most 60 headers over HTTP/2");
        fields_[count_++] = pair_of(name, value);
    }
    std::string_view lowered(std::string_view name) {
        if (std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) return name;
        if (used_ + name.size() > names_.size()) throw std::invalid_argument("header names are too long");
        char* const begin = names_.data() + used_;
        used_ += name.size();
        std::transform(name.begin(), name.end(), begin,
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
        return {begin, name.size()};
    }

    std::array<nghttp2_nv, kMaxFields> fields_;
    std::size_t count_ = 0;
    std::array<char, 2048> names_;
    std::size_t used_ = 0;
};

}  // namespace

std::uint32_t Http2Link::slot_of(nghttp2_session* session, std::int32_t stream, bool& known) {
    const auto mark = reinterpret_cast<std::uintptr_t>(nghttp2_session_get_stream_user_data(session, stream));
    known = mark != 0;
    return static_cast<std::uint32_t>(mark - 1);
}

Http2Link::Http2Link(Events& events, std::string_view scheme) : events_(events), scheme_(scheme) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t size,
                      const std::uint8_t* value, std::size_t length, std::uint8_t, void* self) {
            bool known = false;
            const auto slot = slot_of(session, frame->hd.stream_id, known);
            if (known) static_cast<Http2Link*>(self)->events_.field(slot, view(name, size), view(value, length));
            return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* octets,
                      std::size_t size, void* self) {
            bool known = false;
            const auto slot = slot_of(session, stream, known);
            if (known) static_cast<Http2Link*>(self)->events_.body(slot, view(octets, size));
            return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session* session, const nghttp2_frame* frame, void* self) {
            if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
            if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
            bool known = false;
            const auto slot = slot_of(session, frame->hd.stream_id, known);
            if (known) static_cast<Http2Link*>(self)->events_.ended(slot);
            return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session* session, std::int32_t stream, std::uint32_t code, void* self) {
            bool known = false;
            const auto slot = slot_of(session, stream, known);
            if (known) static_cast<Http2Link*>(self)->events_.over(slot, code != NGHTTP2_NO_ERROR);
            return 0;
        });
    const int made = nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) throw std::bad_alloc();
    const std::array<nghttp2_settings_entry, 2> settings{
        {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Http2Link::~Http2Link() {
    nghttp2_session_del(session_);
}

std::int32_t Http2Link::submit(std::uint32_t slot, std::string_view head, bool has_body) {
    const Fields fields(head, scheme_);
    nghttp2_data_provider body{};
    body.source.fd = static_cast<int>(slot);
    body.read_callback = [](nghttp2_session*, std::int32_t stream, std::uint8_t* to, std::size_t room,
                            std::uint32_t* flags, nghttp2_data_source* source, void* self) -> ssize_t {
        auto& events = static_cast<Http2Link*>(self)->events_;
        std::string_view* const left = events.body_of(static_cast<std::uint32_t>(source->fd), stream);
        if (left == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const std::size_t size = std::min(room, left->size());
        std::memcpy(to, left->data(), size);
        left->remove_prefix(size);
        if (left->empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(size);
    };
    const std::int32_t stream = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                       has_body ? &body : nullptr, mark_of(slot));
    return stream > 0 ? stream : 0;
}

void Http2Link::abandon(std::int32_t stream) {
    nghttp2_session_set_stream_user_data(session_, stream, nullptr);
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

bool Http2Link::feed(std::string_view octets) {
    const auto taken =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
    return taken == static_cast<ssize_t>(octets.size());
}

void Http2Link::take_output(std::string& to) {
    const std::uint8_t* frame = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(session_, &frame)) > 0;)
        to.append(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size));
}

}  // namespace yardbench
