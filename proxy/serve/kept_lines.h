// The lines of a head that are passed on as they came, copied in runs of whole lines.
// Threads: plain value; head and writer belong to the caller.
#pragma once

#include <cstddef>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"

namespace switchyard::serve {

class KeptLines {
  public:
    KeptLines(http::HeadWriter& to, const char* base) : to_(to), base_(base) {}

    void keep(const http::Field& field) {
        if (end_ != field.name.offset || end_ == 0) {
            flush();
            begin_ = field.name.offset;
        }
        end_ = field.line_end;
    }
    // Before anything else is written, and at the end.
    void flush() {
        if (end_ > begin_) to_ << std::string_view(base_ + begin_, end_ - begin_);
        begin_ = end_ = 0;
    }

  private:
    http::HeadWriter& to_;
    const char* base_;
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace switchyard::serve
