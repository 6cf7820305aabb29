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
        if (head_.field_count == http::kMaxFields) return Fit::too_many;
        if (name.size() + kAround > room() || value.size() > room() - name.size() - kAround) return Fit::too_long;
        http::Field& field = head_.fields[head_.field_count++];
        field.name = put(name);
        text_[size_++] = ':';
        text_[size_++] = ' ';
        field.value = put(value);
        text_[size_++] = '\r';
        text_[size_++] = '\n';
        field.id = http::field_name(name);
        field.drop = false;
        field.line_end = static_cast<std::uint16_t>(size_);
        if (field.id != http::FieldName::other) head_.known |= 1u << static_cast<unsigned>(field.id);
        return Fit::fits;
    }

    // The value of one line more comes in pieces, among other lines. Backwards from the end of the text they take no
    // more than the line will, whose room is kept.
    Fit keep(std::string_view name, std::string_view piece, std::string_view between) {
        const std::size_t before = kept_ == 0 ? name.size() + kAround : between.size();
        if (before > room() || piece.size() > room() - before) return Fit::too_long;
        if (kept_ != 0) put_back(between);
        put_back(piece);
        around_kept_ = name.size() + kAround;
        return Fit::fits;
    }
    // That line, if there is one.
    Fit add_kept(std::string_view name) {
        if (kept_ == 0) return Fit::fits;
        std::reverse(text_.end() - static_cast<std::ptrdiff_t>(kept_), text_.end());
        const std::string_view value(text_.data() + text_.size() - kept_, kept_);
        kept_ = around_kept_ = 0;
        return add(name, value);
    }

    // There must be room. `octets` may stand in the text, behind where they go.
    http::Slice put(std::string_view octets) {
        std::copy(octets.begin(), octets.end(), text_.begin() + static_cast<std::ptrdiff_t>(size_));
        const http::Slice where{static_cast<std::uint16_t>(size_), static_cast<std::uint16_t>(octets.size())};
        size_ += octets.size();
        return where;
    }
    std::size_t room() const { return text_.size() - size_ - kept_ - around_kept_; }
    std::size_t size() const { return size_; }

  private:
    static constexpr std::size_t kAround = 4;  // ": " and CRLF

    void put_back(std::string_view octets) {
        std::copy(octets.begin(), octets.end(), text_.rbegin() + static_cast<std::ptrdiff_t>(kept_));
        kept_ += octets.size();
    }

    std::span<char> text_;
    http::Head& head_;
    std::size_t size_ = 0;
    std::size_t kept_ = 0;         // octets at the end of the text, backwards
    std::size_t around_kept_ = 0;  // what else their line takes
};

}  // namespace switchyard::http2
