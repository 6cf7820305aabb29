#include <zlib.h>

#include <algorithm>
#include <limits>

#include "proxy/compress/coder.h"

namespace switchyard::compress {
namespace {

// A window of 32 KiB and 268 KB in all; for small bodies one of 8 KiB and 67 KB, which is cleared in a quarter of the
// time.
constexpr int kWindow = 15, kMemory = 8, kSmallWindow = 13, kSmallMemory = 6;
constexpr int kGzipFrame = 16;  // added to the window: a gzip stream and no bare one

class GzipCoder final : public Coder {
  public:
    explicit GzipCoder(const Kind& kind) : Coder(kind) {}
    ~GzipCoder() override {
        if (begun_) deflateEnd(&stream_);
    }

    bool begin() {
        const bool small = kind().small;
        begun_ = deflateInit2(&stream_, static_cast<int>(kind().level), Z_DEFLATED,
                              (small ? kSmallWindow : kWindow) + kGzipFrame, small ? kSmallMemory : kMemory,
                              Z_DEFAULT_STRATEGY) == Z_OK;
        return begun_;
    }

    Step code(std::string_view octets, std::span<char> room, Then then) override {
        constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
        const std::size_t in = std::min(octets.size(), kMost), out = std::min(room.size(), kMost);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
        stream_.avail_in = static_cast<uInt>(in);
        stream_.next_out = reinterpret_cast<Bytef*>(room.data());
        stream_.avail_out = static_cast<uInt>(out);
        const int how = then == Then::more ? Z_NO_FLUSH : then == Then::flush ? Z_SYNC_FLUSH : Z_FINISH;
        const int result = deflate(&stream_, how);
        Step step;
        step.taken = in - stream_.avail_in;
        step.made = out - stream_.avail_out;
        step.failed = result == Z_STREAM_ERROR;
        // Where there is room left nothing waits.
        step.done = then == Then::end ? result == Z_STREAM_END : stream_.avail_in == 0 && stream_.avail_out != 0;
        return step;
    }

    bool restart() override { return deflateReset(&stream_) == Z_OK; }

  private:
    z_stream stream_{};
    bool begun_ = false;
};

}  // namespace

std::unique_ptr<Coder> make_gzip(const Coder::Kind& kind) {
    auto out = std::make_unique<GzipCoder>(kind);
    if (!out->begin()) return nullptr;
    return out;
}

}  // namespace switchyard::compress
