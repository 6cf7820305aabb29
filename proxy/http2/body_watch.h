// Holds DATA against the content-length of its head: a body that is short or long is never passed on as a whole one
// (RFC 9113 §8.1.1).
// Pure. Units: octets without padding.
#pragma once

#include <cstdint>

#include "proxy/http/framing.h"
#include "proxy/http/head.h"

namespace switchyard::http2 {

class BodyWatch {
  public:
    // Of a request or a final response. `bodiless`: a response to HEAD, or with 204 or 304, whose length speaks of a
    // body that does not come.
    BodyWatch(const char* base, const http::Head& head, bool bodiless) {
        const http::Field* length = head.find(http::FieldName::content_length);
        known_ = bodiless || length != nullptr;
        if (!known_) return;
        // What is no number is refused by the wall or the guard behind it; until then nothing is expected.
        left_ = 0;
        if (!bodiless && !http::parse_content_length(length->value.of(base), left_)) left_ = 0;
    }

    // So many octets came. False: more than there may be.
    bool data(std::uint64_t octets) {
        if (octets > left_) return false;
        if (known_) left_ -= octets;
        return true;
    }
    // END_STREAM came. False: there are too few.
    bool end() const { return !known_ || left_ == 0; }

  private:
    bool known_ = false;
    std::uint64_t left_ = UINT64_MAX;
};

}  // namespace switchyard::http2
