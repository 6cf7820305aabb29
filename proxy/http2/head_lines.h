// The text of a head that came as fields: "name: value" CRLF line by line, with their places in an http::Head.
//
// Pure. Owns nothing: `text` and `head` are the caller's. Errors: what does not fit is not written, and the answer says
// which bound it met.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/http/head.h"

namespace switchyard::http2 {

class HeadLines {
  public:
    HeadLines(std::span<char> text, http::Head& head) : text_(text), head_(head) {
        head_.field_count = 0;
        head_.known = 0;
        head_.minor = 1;
    }

    enum class Fit : std::uint8_t { fits, too_many, too_long };

    Fit add(std::string_view name, std::string_view value) {
        return add(name, value.size(), [&] { put(value); });
    }
    // `write` puts a value of that size, in pieces.
    template <typename Write>
    Fit add(std::string_view name, std::size_t size, Write write) {
        if (head_.field_count == http::kMaxFields) return Fit::too_many;
        if (name.size() + 4 > room() || size > room() - name.size() - 4) return Fit::too_long;
        http::Field& field = head_.fields[head_.field_count++];
        field.name = put(name);
        put(": ");
        field.value = {static_cast<std::uint16_t>(size_), static_cast<std::uint16_t>(size)};
        write();
        put("\r\n");
        field.id = http::field_name(name);
        field.drop = false;
        field.line_end = static_cast<std::uint16_t>(size_);
        if (field.id != http::FieldName::other) head_.known |= 1u << static_cast<unsigned>(field.id);
        return Fit::fits;
    }

    // There must be room.
    http::Slice put(std::string_view octets) {
        std::copy(octets.begin(), octets.end(), text_.begin() + static_cast<std::ptrdiff_t>(size_));
        const http::Slice where{static_cast<std::uint16_t>(size_), static_cast<std::uint16_t>(octets.size())};
        size_ += octets.size();
        return where;
    }
    std::size_t room() const { return text_.size() - size_; }
    std::size_t size() const { return size_; }

  private:
    std::span<char> text_;
    http::Head& head_;
    std::size_t size_ = 0;
};

}  // namespace switchyard::http2
