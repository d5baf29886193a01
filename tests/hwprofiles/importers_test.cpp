#include "hwprofiles/importers.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "space/error.h"
#include "tests/public_data.h"
#include "tests/temporary_folder.h"

namespace edgefront {
namespace {

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

PublishedBlocks read(const std::string& text, TableFormat format,
                     const std::string& column = "lat_ms") {
  return read_block_table(text, "t", {format, column});
}

TEST_CASE("Once-for-All's YAML is read in flow and in block style") {
  const std::string flow =
      "# made up\n"
      "Conv-input:160x160x3-output:80x80x24: {count: 10, mean: 0.5, std: 0.25}\n"
      "expanded_conv-input:80x80x24-output:40x40x32-expand:144-kernel:5-stride:2-idskip:0-se:0-hs:"
      "1: "
      "{\n  count: 54, mean: 2.5}\n"
      "'expanded_conv-input:80x80x24-output:80x80x24-expand:24-kernel:3-stride:1-idskip:1-se:0-hs:"
      "0': "
      "{mean: 1e-1}\n"
      "AvgPool2D-input:5x5x1152-output:1x1x1152: {mean: 0.0078125}\n"
      "Conv_1-input:5x5x192-output:5x5x1152: {mean: 3}\n"
      "Conv_2-input:1x1x1152-output:1x1x1536: {mean: 4}\n"
      "Logits-input:1x1x1536-output:1000: {mean: 5}\n";
  const PublishedBlocks table = read(flow, TableFormat::kOfa);
  CHECK(table.size() == 7);
  const PublishedBlock& stem = table.at("conv 160x160x3>80x80x24 k3 s2 r160");
  CHECK(stem.latency_us == 500);
  CHECK(stem.deviation_us == 250);
  CHECK(stem.samples == 10);
  const PublishedBlock& block = table.at("mbconv 80x80x24>40x40x32 m144 k5 s2 se0 hs1 add0 r160");
  CHECK(block.latency_us == 2500);
  CHECK(block.deviation_us == -1);
  CHECK(table.at("mbconv 80x80x24>80x80x24 k3 s1 se0 hs0 add1 r160").latency_us ==
        doctest::Approx(100));
  CHECK(table.at("pool 5x5x1152>1x1x1152 k1 s1 r160").latency_us == 7.8125);
  CHECK(table.count("conv 5x5x192>5x5x1152 k1 s1 r160") == 1);
  CHECK(table.count("fc 1x1x1152>1x1x1536 k1 s1 r160") == 1);
  CHECK(table.count("fc 1x1x1536>1x1x1000 k1 s1 r160") == 1);

  const PublishedBlocks block_style = read(
      "---\nConv-input:160x160x3-output:80x80x24:\n  count: 10\n  mean: 0.5\n  std: 0.25\n"
      "? Logits-input:1x1x1536-output:1000\n: {mean: 5}\n",
      TableFormat::kOfa);
  CHECK(block_style.size() == 2);
  CHECK(block_style.at("conv 160x160x3>80x80x24 k3 s2 r160").deviation_us == 250);
}

TEST_CASE("ProxylessNAS' keys say ratios, and their last entry holds pool and classifier") {
  const PublishedBlocks table = read(
      "key,type,count,lat_ms,var\n"
      "expanded_conv-input:112x112x32-output:112x112x16-expand:1-kernel:3-stride:1-idskip:0,e,7,4,"
      "0.25\n"
      "expanded_conv-input:112x112x16-output:56x56x24-expand:6-kernel:7-stride:2-idskip:0,e,,2,\n"
      "Logits-input:7x7x1280-output:1000,L,1,0.5,\n"
      "MBConv-input:56x56x24-output:56x56x24-expand:3-kernel:3-stride:1-idskip:1-se:1,M,1,0.25,\n",
      TableFormat::kProxyless);
  CHECK(table.size() == 4);
  const PublishedBlock& first = table.at("mbconv 112x112x32>112x112x16 k3 s1 add0");
  CHECK(first.latency_us == 4000);
  CHECK(first.deviation_us == 500);
  CHECK(first.samples == 7);
  CHECK(table.at("mbconv 112x112x16>56x56x24 m96 k7 s2 add0").samples == -1);
  CHECK(table.at("pool_fc 7x7x1280>1x1x1000 k1 s1").latency_us == 500);
  CHECK(table.at("mbconv 56x56x24>56x56x24 m72 k3 s1 se1 add1").latency_us == 250);
}

TEST_CASE("a column of resolutions separates equal shapes") {
  const PublishedBlocks table = read(
      "resolution,key,lat_ms\n160,Conv_2-input:1x1x8-output:1x1x16,1\n"
      "176,Conv_2-input:1x1x8-output:1x1x16,2\n",
      TableFormat::kOfa);
  CHECK(table.at("fc 1x1x8>1x1x16 k1 s1 r160").latency_us == 1000);
  CHECK(table.at("fc 1x1x8>1x1x16 k1 s1 r176").latency_us == 2000);
}

TEST_CASE("FBNet blocks are read from the column of a device") {
  const std::string text =
      "key,used_by,a_latency_ms,b_latency_ms\n"
      "ConvBlock_H32_W32_Cin16_Cout24_exp1_kernel5_stride2_group2,c,1.5,9\n"
      "Skip_H32_W32_Cin24_Cout24_stride1,c,0,9\n"
      "ConvNorm_H32_W32_Cin3_Cout16_kernel3_stride1_group1,c,2,9\n"
      "AvgP_H4_W4_Cin1504_Cout1504_kernel4_stride1,c,3,9\n"
      "FC_Cin1504_Cout100,c,4,\n";
  const PublishedBlocks table = read(text, TableFormat::kFbnetBlocks, "a_latency_ms");
  CHECK(table.size() == 5);
  CHECK(table.at("mbconv 32x32x16>16x16x24 m16 k5 s2 g2").latency_us == 1500);
  CHECK(table.at("skip 32x32x24>32x32x24 k1 s1").latency_us == 0);
  CHECK(table.at("conv 32x32x3>32x32x16 k3 s1").latency_us == 2000);
  CHECK(table.at("pool 4x4x1504>1x1x1504 k1 s1").latency_us == 3000);
  CHECK(table.at("fc 1x1x1504>1x1x100 k1 s1").latency_us == 4000);
  CHECK(read(text, TableFormat::kFbnetBlocks, "b_latency_ms").size() == 4);  // no value, no entry
  CHECK(message_of([&] { read(text, TableFormat::kFbnetBlocks); }) ==
        "t: there is no column \"lat_ms\"; columns of times: a_latency_ms, b_latency_ms");
}

TEST_CASE("what cannot be read is refused with its line") {
  const auto ofa = [](const std::string& text) {
    return message_of([&] { read(text, TableFormat::kOfa); });
  };
  const auto has = [](const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(ofa("Conv-input:8x8x3-output:4x4x8: {mean: x}\n"),
      "t:1: Conv-input:8x8x3-output:4x4x8: mean is \"x\"");
  has(ofa("\nConv-input:8x8x3-output:4x4x8: {count: 3}\n"),
      "t:2: Conv-input:8x8x3-output:4x4x8: it has no mean");
  has(ofa("Conv-input:8x8x3-output:4x4x8: 5\n"), "t:1: a mapping is expected");
  has(ofa("Conv-input:8x8x3-output:4x4x8: {mean: 5\n"), "the mapping does not end");
  has(ofa("  mean: 5\n"), "t:1: a value before the first key");
  has(ofa("garbage\n"), "t:1: neither a key nor a value");
  has(ofa("Pool-input:8x8x3-output:4x4x8: {mean: 5}\n"), "\"Pool\" is no type of this format");
  has(ofa("Conv-input:8x8-output:4x4x8: {mean: 5}\n"), "\"x\" is missing");
  has(ofa("Conv-input:8x8x3-output:4x4x8-more: {mean: 5}\n"), "\"-more\" is not understood");
  has(ofa("Conv-input:8x8x3-output:4x4x8: {mean: -5}\n"), "the latency is negative");
  has(ofa("Conv-input:8x8x3-output:4x4x8: {mean: 1e300}\n"), "the latency is over 1e9 ms");
  has(ofa("Conv-input:8x8x3-output:4x4x8: {mean: 1, count: 1e300}\n"), "count is 1e300; accepted");
  has(ofa("Conv-input:8x8x3-output:4x4x8: {mean: 1, count: -1}\n"), "count is negative");
  has(ofa("Conv_2-input:8-output:4: {mean: 5}\nConv_2-input:8-output:4: {mean: 6}\n"),
      "t:2: Conv_2-input:8-output:4: a second entry");
  has(ofa("expanded_conv-input:8x8x16-output:8x8x16-expand:6-kernel:3-stride:1-idskip:1-se:0-hs:0: "
          "{mean: 5}\n"),
      "is it a ratio (proxyless)?");
  has(ofa("key,lat_ms\nConv-input:8x8x3-output:4x4x8,1,2\n"), "t:2: 3 cells, the header has 2");
  has(ofa(""), "t: no entry with a latency");
  has(message_of([] {
        read(
            "expanded_conv-input:8x8x16-output:8x8x16-expand:96-kernel:3-stride:1-idskip:1: {mean: "
            "5}\n",
            TableFormat::kProxyless);
      }),
      "is it of format ofa?");
  has(message_of([] { parse_table_format("csv"); }),
      "accepted are ofa, proxyless and fbnet-blocks");
}

TEST_CASE("files of several resolutions are merged, and none may stand twice") {
  const TemporaryFolder folder;
  const std::string a = folder.write("160.yaml",
                                     "Conv-input:160x160x3-output:80x80x24: {mean: 1}\n"
                                     "Conv_2-input:1x1x8-output:1x1x16: {mean: 2}\n");
  const std::string b = folder.write("176.yaml",
                                     "Conv-input:176x176x3-output:88x88x24: {mean: 3}\n"
                                     "Conv_2-input:1x1x8-output:1x1x16: {mean: 4}\n");
  const PublishedBlocks table = import_block_tables({a, b}, {});
  CHECK(table.size() == 4);
  CHECK(table.at("fc 1x1x8>1x1x16 k1 s1 r176").latency_us == 4000);
  CHECK(message_of([&] {
          import_block_tables({a, a}, {});
        }).find("stands in an earlier file too") != std::string::npos);
  CHECK(message_of([&] { import_block_tables({folder.path("none")}, {}); }).find("none") !=
        std::string::npos);
}

TEST_CASE("every row of the published tables is imported") {
  const struct {
    const char* file;
    ImportOptions options;
    std::size_t rows;
  } kTables[] = {
      {"ofa/note10_lut.csv", {TableFormat::kOfa, "lat_ms"}, 480},
      {"ofa/pixel1_lut.csv", {TableFormat::kProxyless, "lat_ms"}, 72},
      {"ofa/i7_8700k_lut.csv", {TableFormat::kProxyless, "lat_ms"}, 4050},
      {"hw_nas_bench/fbnet_lut.csv", {TableFormat::kFbnetBlocks, "raspi4_latency_ms"}, 225}};
  for (const auto& t : kTables) {
    const std::string text = public_data(t.file);
    if (text.empty()) continue;
    CHECK(read_block_table(text, t.file, t.options).size() == t.rows);
  }
}

}  // namespace
}  // namespace edgefront
