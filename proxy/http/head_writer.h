// Appends text to a fixed piece of memory; remembers that it did not fit instead of writing past the end.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace switchyard::http {

class HeadWriter {
  public:
    explicit HeadWriter(std::span<char> room)
        : begin_(room.data()), at_(room.data()), end_(room.data() + room.size()) {}

    // In line: heads are mostly pieces of a length that the compiler knows.
    [[gnu::always_inline]] HeadWriter& operator<<(std::string_view text) {
        if (text.empty()) return *this;  // memcpy may not be given a null pointer, not even for nothing
        if (text.size() > static_cast<std::size_t>(end_ - at_)) {
            overflow_ = true;
            return *this;
        }
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
        return *this;
    }
    HeadWriter& operator<<(std::uint64_t number) {
        char digits[20];
        const auto result = std::to_chars(digits, digits + sizeof digits, number);
        return *this << std::string_view(digits, static_cast<std::size_t>(result.ptr - digits));
    }
    HeadWriter& operator<<(char c) { return *this << std::string_view(&c, 1); }

    std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
    bool overflow() const { return overflow_; }
    std::string_view text() const { return {begin_, size()}; }

  private:
    char* begin_;
    char* at_;
    char* end_;
    bool overflow_ = false;
};

}  // namespace switchyard::http
