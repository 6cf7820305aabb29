// A request as it goes to an endpoint: the head as its route wants it, and behind it a small body that was here
// already. From one piece of memory that stays, so that it can be sent again when a kept connection turns out to be
// dead.
//
// Threads: one worker. Owns: the block.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/serve/lane.h"

namespace switchyard::serve {

class RequestText {
  public:
    explicit RequestText(net::BufferPool& buffers) : text_(buffers) {}

    bool empty() const { return text_.empty(); }
    std::string_view all() const { return text_.unread(); }
    bool has_body() const { return has_body_; }

    // For the first head, which is written where it stays.
    net::Buffer& block() { return text_; }
    void head_written() { head_size_ = text_.size(); }
    // Another route or endpoint may want another head. The body behind it has left the client's lane and comes along.
    // False: it does not fit, and what was written before is for another endpoint.
    bool put_head(net::Buffer& head) {
        const std::size_t size = head.size();
        const auto body = text_.unread().substr(head_size_);
        if (body.size() > head.room().size()) return false;
        if (!body.empty()) std::memcpy(head.room().data(), body.data(), body.size());
        head.filled(body.size());
        head_size_ = size;
        text_.swap(head);
        return true;
    }
    // Takes the body from the lane where it is here as a whole, and small.
    void take_body(Lane& from, const http::Body& body) {
        has_body_ = from.append_whole_body(body, net::BufferPool::kBlock, text_);
    }
    void release() {
        text_.release();
        head_size_ = 0;
    }

  private:
    net::Buffer text_;
    std::size_t head_size_ = 0;
    bool has_body_ = false;
};

}  // namespace switchyard::serve
