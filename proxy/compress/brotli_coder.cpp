#include <brotli/encode.h>

#include "proxy/compress/coder.h"

namespace switchyard::compress {
namespace {

constexpr std::uint32_t kBrotliWindow = 18, kSmallBrotliWindow = 14;  // 256 KiB, 16 KiB

class BrotliCoder final : public Coder {
  public:
    explicit BrotliCoder(const Kind& kind)
        : Coder(kind), state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {}
    ~BrotliCoder() override { BrotliEncoderDestroyInstance(state_); }

    bool begin() {
        return state_ != nullptr && BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, kind().level) &&
               BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, kind().small ? kSmallBrotliWindow : kBrotliWindow);
    }

    Step code(std::string_view octets, std::span<char> room, Then then) override {
        const BrotliEncoderOperation how = then == Then::more    ? BROTLI_OPERATION_PROCESS
                                           : then == Then::flush ? BROTLI_OPERATION_FLUSH
                                                                 : BROTLI_OPERATION_FINISH;
        std::size_t left = octets.size(), free = room.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(octets.data());
        auto* out = reinterpret_cast<std::uint8_t*>(room.data());
        Step step;
        step.failed = !BrotliEncoderCompressStream(state_, how, &left, &in, &free, &out, nullptr);
        step.taken = octets.size() - left;
        step.made = room.size() - free;
        const bool out_of_it = left == 0 && !BrotliEncoderHasMoreOutput(state_);
        step.done = then == Then::end ? BrotliEncoderIsFinished(state_) != BROTLI_FALSE : out_of_it;
        return step;
    }

    bool restart() override { return false; }  // the library has no word for it

  private:
    BrotliEncoderState* state_;
};

}  // namespace

std::unique_ptr<Coder> make_brotli(const Coder::Kind& kind) {
    auto out = std::make_unique<BrotliCoder>(kind);
    if (!out->begin()) return nullptr;
    return out;
}

}  // namespace switchyard::compress
