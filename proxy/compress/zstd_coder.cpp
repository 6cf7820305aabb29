#include <zstd.h>

#include "proxy/compress/coder.h"

namespace switchyard::compress {
namespace {

// Browsers decode windows of 8 MiB; a small one is what bounds the memory of a context.
constexpr int kZstdWindow = 18, kSmallZstdWindow = 13;  // 256 KiB, 8 KiB

class ZstdCoder final : public Coder {
  public:
    explicit ZstdCoder(const Kind& kind) : Coder(kind), context_(ZSTD_createCCtx()) {}
    ~ZstdCoder() override { ZSTD_freeCCtx(context_); }

    bool begin() {
        const auto set = [&](ZSTD_cParameter what, int value) {
            return !ZSTD_isError(ZSTD_CCtx_setParameter(context_, what, value));
        };
        return context_ != nullptr && set(ZSTD_c_compressionLevel, static_cast<int>(kind().level)) &&
               set(ZSTD_c_windowLog, kind().small ? kSmallZstdWindow : kZstdWindow);
    }

    Step code(std::string_view octets, std::span<char> room, Then then) override {
        const ZSTD_EndDirective how = then == Then::more    ? ZSTD_e_continue
                                      : then == Then::flush ? ZSTD_e_flush
                                                            : ZSTD_e_end;
        ZSTD_inBuffer in{octets.data(), octets.size(), 0};
        ZSTD_outBuffer out{room.data(), room.size(), 0};
        const std::size_t left = ZSTD_compressStream2(context_, &out, &in, how);
        Step step;
        step.failed = ZSTD_isError(left) != 0;
        step.taken = in.pos;
        step.made = out.pos;
        step.done = then == Then::more ? in.pos == in.size : left == 0;
        return step;
    }

    bool restart() override { return !ZSTD_isError(ZSTD_CCtx_reset(context_, ZSTD_reset_session_only)); }

  private:
    ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<Coder> make_zstd(const Coder::Kind& kind) {
    auto out = std::make_unique<ZstdCoder>(kind);
    if (!out->begin()) return nullptr;
    return out;
}

}  // namespace switchyard::compress
