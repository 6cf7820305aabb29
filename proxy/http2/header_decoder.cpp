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

HeaderDecoder::Step HeaderDecoder::next(std::string_view& part, bool last, Field& field) {
    for (;;) {
        nghttp2_nv pair;
        int flags = 0;
        const auto* octets = reinterpret_cast<const std::uint8_t*>(part.data());
        const auto used = nghttp2_hd_inflate_hd2(inflater_.get(), &pair, &flags, octets, part.size(), last ? 1 : 0);
        if (used < 0) return Step::bad;
        part.remove_prefix(static_cast<std::size_t>(used));
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            decoded_ += pair.namelen + pair.valuelen;
            if (decoded_ > kMaxDecoded) return Step::too_much;
            field.name = {reinterpret_cast<const char*>(pair.name), pair.namelen};
            field.value = {reinterpret_cast<const char*>(pair.value), pair.valuelen};
            return Step::field;
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
            nghttp2_hd_inflate_end_headers(inflater_.get());
            decoded_ = 0;
            return Step::done;
        }
        if (part.empty()) return last ? Step::bad : Step::more;
    }
}

}  // namespace switchyard::http2
