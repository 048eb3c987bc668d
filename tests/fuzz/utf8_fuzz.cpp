// Any bytes, whole, cut in two and byte by byte: validator and replacer say what WHATWG's decoder says.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "utf8/reference.hpp"
#include "utf8/replacer.hpp"
#include "utf8/validator.hpp"

namespace {

using namespace wsinetd::utf8;
using Bytes = std::span<const std::byte>;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The text in pieces, into memory that is exactly as large as promised.
class Repair {
public:
    void add(Bytes bytes, bool last) {
        const std::size_t size = replacer_.size(bytes, last);
        require(size <= 3 * bytes.size() + 3);
        std::vector<std::byte> out(size);
        require(replacer_.write(bytes, last, out) == size);
        text += text_of(out);
    }
    std::string text;

private:
    Replacer replacer_;
};

void require_as_the_reference(const Validator& validator, bool possible, const WhatwgDecoder& reference) {
    require(possible == (reference.errors == 0));
    require(validator.complete() == (reference.errors == 0 && reference.complete()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Bytes bytes = std::as_bytes(std::span(data + 2, size - 2));
    const std::size_t cut = (data[0] * 256u + data[1]) % (bytes.size() + 1);

    WhatwgDecoder reference;
    reference.add(text_of(bytes));
    require(valid_prefix(bytes) == reference.valid);
    Validator whole;
    require_as_the_reference(whole, whole.add(bytes), reference);
    Validator split;
    split.add(bytes.first(cut));
    require_as_the_reference(split, split.add(bytes.subspan(cut)), reference);
    Validator single;
    WhatwgDecoder so_far;
    for (const std::byte& byte : bytes) {  // fails at the first impossible byte, not later
        so_far.add(text_of({&byte, 1}));
        require_as_the_reference(single, single.add({&byte, 1}), so_far);
    }

    reference.finish();
    Repair repair;
    repair.add(bytes, true);
    require(repair.text == reference.out);
    Repair in_two;
    in_two.add(bytes.first(cut), false);
    in_two.add(bytes.subspan(cut), true);
    require(in_two.text == reference.out);
    Repair in_bytes;
    for (const std::byte& byte : bytes) in_bytes.add({&byte, 1}, false);
    in_bytes.add({}, true);
    require(in_bytes.text == reference.out);
    Validator repaired;
    require(repaired.add(std::as_bytes(std::span(repair.text))) && repaired.complete());
    return 0;
}
