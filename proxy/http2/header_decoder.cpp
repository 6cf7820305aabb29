#include "proxy/http2/header_decoder.h"

#include <nghttp2/nghttp2.h>

#include <new>

namespace switchyard::http2 {

HeaderDecoder::HeaderDecoder() {
    nghttp2_hd_inflater* made = nullptr;
    if (nghttp2_hd_inflate_new(&made) != 0) throw std::bad_alloc();
    inflater_.reset(made);
}

HeaderDecoder::~HeaderDecoder() = default;

void HeaderDecoder::End::operator()(nghttp2_hd_inflater* inflater) const {
    nghttp2_hd_inflate_del(inflater);
}

HeaderDecoder::Step HeaderDecoder::emit(Field& field) {
    decoded_ += static_cast<std::uint32_t>(field.name.size() + field.value.size());
    return decoded_ > kMaxDecoded ? Step::too_much : Step::field;
}

HeaderDecoder::Step HeaderDecoder::end() {
    nghttp2_hd_inflate_end_headers(inflater_.get());
    decoded_ = 0;
    between_ = true;
    looked_up_ = false;
    return Step::done;
}

// RFC 7541 §6.1, where the index has one octet. What is wrong with one is left to the inflater to say.
bool HeaderDecoder::look_up(std::string_view& part, Field& field) {
    constexpr unsigned kIndexed = 0x80, kMore = 0x7f;
    const unsigned octet = static_cast<unsigned char>(part.front());
    const unsigned index = octet & kMore;
    if ((octet & kIndexed) == 0 || index == kMore) return false;
    const nghttp2_nv* const entry = nghttp2_hd_inflate_get_table_entry(inflater_.get(), index);
    if (entry == nullptr) return false;
    field.name = {reinterpret_cast<const char*>(entry->name), entry->namelen};
    field.value = {reinterpret_cast<const char*>(entry->value), entry->valuelen};
    part.remove_prefix(1);
    looked_up_ = true;
    return true;
}

HeaderDecoder::Step HeaderDecoder::next(std::string_view& part, bool last, Field& field) {
    if (!between_) return inflate(part, last, field);
    if (part.empty()) return last ? end() : Step::more;
    if (look_up(part, field)) return emit(field);
    // The inflater has not seen that a field stands before it.
    constexpr unsigned kSizeMask = 0xe0, kSize = 0x20;
    if (looked_up_ && (static_cast<unsigned char>(part.front()) & kSizeMask) == kSize) return Step::bad;
    return inflate(part, last, field);
}

HeaderDecoder::Step HeaderDecoder::inflate(std::string_view& part, bool last, Field& field) {
    for (;;) {
        nghttp2_nv pair;
        int flags = 0;
        const auto* octets = reinterpret_cast<const std::uint8_t*>(part.data());
        const auto used = nghttp2_hd_inflate_hd2(inflater_.get(), &pair, &flags, octets, part.size(), last ? 1 : 0);
        if (used < 0) return Step::bad;
        part.remove_prefix(static_cast<std::size_t>(used));
        between_ = (flags & NGHTTP2_HD_INFLATE_EMIT) != 0;
        if (between_) {
            field.name = {reinterpret_cast<const char*>(pair.name), pair.namelen};
            field.value = {reinterpret_cast<const char*>(pair.value), pair.valuelen};
            return emit(field);
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) return end();
        if (part.empty()) return last ? Step::bad : Step::more;
    }
}

}  // namespace switchyard::http2
