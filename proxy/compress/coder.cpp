#include "proxy/compress/coder.h"

namespace switchyard::compress {

std::unique_ptr<Coder> Coder::make(const Kind& kind) {
    switch (kind.encoding) {
        case config::Encoding::gzip:
            return make_gzip(kind);
        case config::Encoding::brotli:
            return make_brotli(kind);
        case config::Encoding::zstd:
            break;
    }
    return make_zstd(kind);
}

}  // namespace switchyard::compress
