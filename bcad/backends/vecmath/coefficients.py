"""Coefficients and constants of the vector math; written by fit.py, which states the recipe."""

# lowest power (or leading part) first; name/goal as in fit.py
TABLES: dict[str, list[str]] = {
    "exp/double": [
        "0x1.000000000000bp-1", "0x1.555555555550fp-3", "0x1.55555555502a6p-5", "0x1.1111111122b4fp-7",
        "0x1.6c16c18529f74p-10", "0x1.a01a014493a95p-13", "0x1.a01997cd32dd4p-16", "0x1.71deec77b25ddp-19",
        "0x1.28af3b651cd0bp-22", "0x1.add741be6cfcap-26",
    ],
    "exp2/double": [
        "0x1.62e42fefa39efp-1", "0x1.ebfbdff82c58ep-3", "0x1.c6b08d704a185p-5", "0x1.3b2ab6fba50fep-7",
        "0x1.5d87fe788835cp-10", "0x1.430912f7a9ea0p-13", "0x1.ffcbfcde5e964p-17", "0x1.62c02560d10fbp-20",
        "0x1.b5241c748619ep-24", "0x1.e4c37dbb8c8edp-28", "0x1.eb078dac7a012p-32", "0x1.d48bab76c6261p-36",
    ],
    "sinh/double": [
        "0x1.5555555555559p-3", "0x1.111111110f651p-7", "0x1.a01a01b0054cbp-13", "0x1.71ddf80b7def9p-19",
        "0x1.af5f30f40dd14p-26",
    ],
    "cosh/double": [
        "0x1.0000000000000p-1", "0x1.5555555555558p-5", "0x1.6c16c16c1500bp-10", "0x1.a01a01ad76d15p-16",
        "0x1.27e4cc2827b2ep-22", "0x1.1f8bb233a20cfp-29",
    ],
    "log/double": [
        "0x1.5555555555594p-1", "0x1.999999997f72dp-2", "0x1.249249423c734p-2", "0x1.c71c51d50fa2ap-3",
        "0x1.7466486178ecdp-3", "0x1.39a0ddfa994c2p-3", "0x1.2f0d5e2c92795p-3",
    ],
    "log_pow/double": [
        "0x1.9999999999995p-3", "0x1.2492492493150p-3", "0x1.c71c71c56444fp-4", "0x1.745d183dec639p-4",
        "0x1.3b135fff863dfp-4", "0x1.112112a7d433ep-4", "0x1.de26213628c94p-5", "0x1.eb76255ddc6b8p-5",
    ],
    "sin/double": [
        "-0x1.5555555555555p-3", "0x1.11111111110c9p-7", "-0x1.a01a01a014eb7p-13", "0x1.71de3a52aac6ap-19",
        "-0x1.ae6454d969071p-26", "0x1.6123ce53c2be8p-33", "-0x1.ae43dd59aafb1p-41", "0x1.883c31f8954fap-49",
    ],
    "sin_quarter/double": [
        "-0x1.5555555555555p-3", "0x1.1111111111089p-7", "-0x1.a01a01a0065c9p-13", "0x1.71de3a3f68641p-19",
        "-0x1.ae643c56d3cedp-26", "0x1.61140f2316b25p-33", "-0x1.a5130e4e35212p-41",
    ],
    "cos_quarter/double": [
        "0x1.555555555554bp-5", "-0x1.6c16c16c1504cp-10", "0x1.a01a019c97a13p-16", "-0x1.27e4f7f911e6ap-22",
        "0x1.1ee9e17e6b4ccp-29", "-0x1.8fa9a7413e865p-37",
    ],
    "atan/double": [
        "-0x1.555555555553bp-2", "0x1.99999999954ecp-3", "-0x1.249249229b088p-3", "0x1.c71c70dfd428bp-4",
        "-0x1.745cf83c70f44p-4", "0x1.3b110f02f05b2p-4", "-0x1.10eb4ea9a167bp-4", "0x1.df09b7a3e46e2p-5",
        "-0x1.9cbb391a02d56p-5", "0x1.379d633b41bdcp-5", "-0x1.24f5be7dff754p-6",
    ],
    "asin/double": [
        "0x1.5555555555577p-3", "0x1.333333332e1d7p-4", "0x1.6db6db72067c3p-5", "0x1.f1c71a9a612bcp-6",
        "0x1.6e8bde357e3ffp-6", "0x1.1c49fd309612cp-6", "0x1.ca1e4bde65f16p-7", "0x1.759020e3f57d1p-7",
        "0x1.60fff6c6f49f2p-7", "0x1.e995aa7ea282cp-9", "0x1.627f8e45fcf05p-6", "-0x1.5667f5d274d99p-6",
        "0x1.0ac783d4e1577p-5",
    ],
    "erf/double": [
        "0x1.06eba8214db69p-3", "-0x1.812746b0379fdp-2", "0x1.ce2f21a04362dp-4", "-0x1.b82ce312abefep-6",
        "0x1.565bcd1298e84p-8", "-0x1.c02db49afb8cbp-11", "0x1.f9a335368c5f6p-14", "-0x1.f4d3335ad34d6p-17",
        "0x1.b9ee92f3c5200p-20", "-0x1.5f9810fc0cc3fp-23", "0x1.fc77ba102e001p-27", "-0x1.4675d488fef9fp-30",
        "0x1.296e609a1cbd9p-34",
    ],
    "erfc/double": [
        "0x1.3ba5916e9fd7fp+0", "-0x1.a251714fcc6dap-55", "-0x1.1df1ad154a28dp-3", "0x1.f7f5df66fd6d4p-7",
        "0x1.16ecefcfa521ap-4", "-0x1.9ddb23c3e8866p-4", "0x1.7fee004e1676ap-4", "-0x1.0fb06dfe58ba4p-4",
        "0x1.3079edf5d7c1dp-5", "-0x1.096238816d651p-6", "0x1.49c672c35417ep-8", "-0x1.8d4a9deed51c1p-11",
        "-0x1.a1df5a855e14ap-13", "0x1.3be0966acc9d2p-13", "-0x1.9951f349d42e0p-16", "-0x1.78988b483a95dp-17",
        "0x1.7ed575e83be5bp-18", "0x1.3f480ad90d6f4p-22", "-0x1.b65ad8b2ab88ep-21", "0x1.28be29fcbf820p-24",
        "0x1.af9adc48a2bf1p-24", "-0x1.c04ae09a2f9cep-27", "-0x1.26519f60e14b6p-27",
    ],
    "erf_tail/double": [
        "0x1.3ba5916e1fcd3p+0", "-0x1.1df1adc6a842bp-3", "0x1.f7f508ec6b60ap-7", "0x1.16ebc143c5a04p-4",
        "-0x1.9de3dfab57081p-4", "0x1.7fc12b72cce8ap-4", "-0x1.10554eaf4863cp-4", "0x1.2d094be070c42p-5",
        "-0x1.16b4d42804b58p-6", "0x1.004d66a6ea0b5p-8", "-0x1.da7e27cfa1703p-10", "-0x1.a5dfff7cda2aep-11",
    ],
    "gammaln_low/double": [
        "0x1.b0ee6072093cep-2", "-0x1.9ae6509ea10a5p-4", "0x1.0e0c9df29356ap-5", "-0x1.95ce223a99fe1p-7",
        "0x1.47974853b5529p-8", "-0x1.145121fc8a5acp-9", "0x1.dfebcf67b186ep-11", "-0x1.a96a3d6368d58p-12",
        "0x1.7ed749f2d193dp-13", "-0x1.5c874d67bbb38p-14", "0x1.40287ce61433ep-15", "-0x1.2842f96bb6f88p-16",
        "0x1.1500404d0316bp-17", "-0x1.016873ddf506bp-18", "0x1.ae588ec42ae4dp-20", "-0x1.320d2aea23543p-20",
        "0x1.161acb4b04ce9p-20", "0x1.b0a38c8db8035p-20", "-0x1.3eb1052b0f8dep-26", "-0x1.5a1f81903b072p-18",
        "-0x1.63eada93aded3p-18", "0x1.1b2bcaf5d1db1p-18", "0x1.c0fbe4ca13ed9p-17", "0x1.2a04fb412b3b0p-17",
        "-0x1.5da9c5e7512afp-18", "-0x1.cc86fdea9e5acp-17", "-0x1.7d980663b1fdep-17", "-0x1.5746293941ab7p-18",
        "-0x1.51fc274814b20p-20", "-0x1.20cdd04f5a3acp-23",
    ],
    "gammaln/double": [
        "0x1.55555555554ccp-4", "-0x1.6c16c16a6cebap-9", "0x1.a019fdbbdf4b2p-11", "-0x1.38124b7daee89p-11",
        "0x1.b9165da2364dbp-11", "-0x1.f2cf998344552p-10", "0x1.8d2ed3ca78d42p-8", "-0x1.7d8976a5c019ep-6",
        "0x1.720b4e840f85bp-4", "-0x1.3475ada3a0a21p-2", "0x1.80dc00d4ddbc7p-1", "-0x1.3339f2e1cdd5cp+0",
        "0x1.cdf9560f1b832p-1",
    ],
    "digamma_low/double": [
        "0x1.ef72bc8ee38acp-1", "-0x1.376a96cef54d7p-55", "-0x1.c563b54aa1a35p-2", "0x1.08b4294d5037fp-2",
        "-0x1.4fc1317257ea3p-3", "0x1.b9a5b6370f951p-4", "-0x1.27baba2612fdbp-4", "0x1.8fce02b1fea8bp-5",
        "-0x1.0fa7ec3953df7p-5", "0x1.723d681ae0f44p-6", "-0x1.f9704fd1fd2f0p-7", "0x1.5955c75590070p-7",
        "-0x1.d82813ca5fa3ep-8", "0x1.42e203f4c61a7p-8", "-0x1.b9afb65254419p-9", "0x1.2e1e128b84e98p-9",
        "-0x1.9d5733f32d4bap-10", "0x1.1af6bdd21e526p-10", "-0x1.83b7bdd866073p-11", "0x1.087fea05301a2p-11",
        "-0x1.64fb95e821bbep-12", "0x1.e555b3fd5960fp-13", "-0x1.5d657dff137b6p-13", "0x1.07acf027b12dfp-13",
        "-0x1.6e51fdbf0b5c0p-14", "0x1.919fbe1472a46p-15", "-0x1.331af6964bf86p-16", "0x1.1d95d02a685f2p-18",
        "-0x1.e3774a4141090p-22",
    ],
    "digamma/double": [
        "0x1.55555555553f0p-4", "-0x1.1111110fafaf9p-7", "0x1.04103eff080cap-8", "-0x1.11104a3bea880p-8",
        "0x1.f04d241fdfc24p-8", "-0x1.57b7a95b20a62p-6", "0x1.47bc2886ee076p-4", "-0x1.7b486c91064f8p-2",
        "0x1.c90455d0bf396p+0", "-0x1.f0a638055c6a7p+2", "0x1.b13eac5e458f9p+4", "-0x1.10cba0743e9d7p+6",
        "0x1.afc1d1cb2d585p+6", "-0x1.3f0f27e3ac468p+6",
    ],
    "cbrt/double": [
        "0x1.c7c511449a9f4p+0", "-0x1.9043b2c9de75cp+0", "0x1.3d8543e0c1ce7p+0", "-0x1.30e4c3022a31dp-1",
        "0x1.3dfdb233bdb6ap-3", "-0x1.1516cf3239728p-6",
    ],
    "ln2/double": [
        "0x1.62e42fefa4000p-1", "-0x1.8432a1b0e2634p-43",
    ],
    "log2_e/double": [
        "0x1.71547652b82fep+0", "0x1.777d0ffda0d24p-56",
    ],
    "log10_e/double": [
        "0x1.bcb7b1526e50ep-2", "0x1.95355baaafad3p-57",
    ],
    "log10_2/double": [
        "0x1.34413509f8000p-2", "-0x1.80433b83b532ap-44",
    ],
    "pi/double": [
        "0x1.921fb54442d18p+1", "0x1.1a62633145c07p-53", "-0x1.f1976b7ed8fbcp-109",
    ],
    "half_pi/double": [
        "0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110",
    ],
    "quarter_pi/double": [
        "0x1.921fb54442d18p-1", "0x1.1a62633145c07p-55",
    ],
    "third/double": [
        "0x1.5555555555555p-2", "0x1.5555555555555p-56",
    ],
    "lgamma_constant/double": [
        "0x1.acfe390c97d69p-2", "0x1.3494bc9001442p-56",
    ],
    "digamma_root/double": [
        "0x1.762d86356be3fp+0", "0x1.b86a722197829p-54",
    ],
    "two_log2_e/double": [
        "0x1.71547652b82fep+1", "0x1.777d0ffda0d24p-55",
    ],
    "exp/short": [
        "0x1.00000000a3725p-1", "0x1.5555557eb6fefp-3", "0x1.555553654de93p-5", "0x1.1110a12560b54p-7",
        "0x1.6c19fd1788b1ap-10", "0x1.a186fce1f1f2ap-13", "0x1.9d5df855a49c8p-16",
    ],
    "exp2/short": [
        "0x1.62e42ff19b4a9p-1", "0x1.ebfbe07963bd9p-3", "0x1.c6b089a25a5c5p-5", "0x1.3b29f24cfbcabp-7",
        "0x1.5d8b7ee8d3bbfp-10", "0x1.445d625faed60p-13", "0x1.fce154d4218ebp-17",
    ],
    "sinh/short": [
        "0x1.555555742b00ap-3", "0x1.1110b0d2c5e2bp-7", "0x1.a1713c97bfb0cp-13",
    ],
    "cosh/short": [
        "0x1.0000004569a4ep-1", "0x1.55547cb082476p-5", "0x1.6d9904c0dd65ap-10",
    ],
    "log/short": [
        "0x1.555554fb9fbefp-1", "0x1.999a7d354da51p-2", "0x1.24384c4f4bc27p-2", "0x1.e3082fee31f3fp-3",
    ],
    "log_pow/short": [
        "0x1.999998542cc80p-3", "0x1.24937accac054p-3", "0x1.c656da34d867dp-4", "0x1.8ed97ebe698ddp-4",
    ],
    "sin/short": [
        "-0x1.55555546fc18bp-3", "0x1.11110c345598cp-7", "-0x1.a017d3df408d4p-13", "0x1.716fdf97e4cf3p-19",
        "-0x1.9a5c2908f5c9ep-26",
    ],
    "sin_quarter/short": [
        "-0x1.5555554c7fdf5p-3", "0x1.11110877f6eb0p-7", "-0x1.a00f8a8879c69p-13", "0x1.6cd4989c9b035p-19",
    ],
    "cos_quarter/short": [
        "0x1.5555554f10a9fp-5", "-0x1.6c16b862597c8p-10", "0x1.a01101a2323a4p-16", "-0x1.2425589c537d6p-22",
    ],
    "atan/short": [
        "-0x1.555554c0ac731p-2", "0x1.999915b67108bp-3", "-0x1.247e93ead22d4p-3", "0x1.c45dfd86909cfp-4",
        "-0x1.5b11ddee04f07p-4", "0x1.842ed05b1381fp-5",
    ],
    "asin/short": [
        "0x1.555556067e4c0p-3", "0x1.3332aa553d395p-4", "0x1.6dda9b14a90b0p-5", "0x1.ed61c01a29523p-6",
        "0x1.92fe6dc4c910cp-6", "0x1.edda10806b4a0p-8", "0x1.1b8e491cdb5bap-5",
    ],
    "erf/short": [
        "0x1.06eba8202a1b9p-3", "-0x1.81274666d37f1p-2", "0x1.ce2f0955e8a16p-4", "-0x1.b829d0bbecd99p-6",
        "0x1.562abda84d2cbp-8", "-0x1.bcd3a49164c42p-11", "0x1.d89ff472c7706p-14", "-0x1.449783260ff41p-17",
    ],
    "erfc/short": [
        "0x1.3ba5916e927c3p+0", "-0x1.b0ced5e5fa55ap-54", "-0x1.1df1ad179816cp-3", "0x1.f7f5e45407b56p-7",
        "0x1.16ecf0cb39d60p-4", "-0x1.9ddb36d58588ap-4", "0x1.7fedf23f92d0ep-4", "-0x1.0faf8f79c13abp-4",
        "0x1.307a7b9c14936p-5", "-0x1.0975a412ebcc8p-6", "0x1.49c2c166aca97p-8", "-0x1.8649b25828850p-11",
        "-0x1.a63d5728ddcf2p-13", "0x1.136b4fd54d72bp-13", "-0x1.2f525df45863cp-16",
    ],
    "erf_tail/short": [
        "0x1.3ba770b519df3p+0", "-0x1.1cb9a93e344cbp-3", "0x1.5253473404442p-6", "0x1.813e6e038235dp-4",
        "-0x1.7d2889e2716aap-6", "0x1.e85c50b8ca272p-3", "0x1.85bc37e7ff603p-4", "0x1.0dddab4c4047cp-3",
    ],
    "gammaln_low/short": [
        "0x1.b0ee6071f9e0fp-2", "-0x1.9ae650adec886p-4", "0x1.0e0c9e6b3b31dp-5", "-0x1.95cdf904302ccp-7",
        "0x1.4796dd99ba81ep-8", "-0x1.1461990d6a2dcp-9", "0x1.dfec4c917589dp-11", "-0x1.a3b814a07feb6p-12",
        "0x1.88fa37058252ap-13", "-0x1.cfcf718eeacd3p-14", "-0x1.37a66e0bee82dp-17", "0x1.e0533ea19d355p-16",
        "0x1.6e8171c457bfep-13", "0x1.30a64960f6514p-14", "-0x1.509211ec5a435p-13", "-0x1.008710ed31599p-12",
        "-0x1.1491301b7ddfep-13", "-0x1.cd6f527e8e535p-16",
    ],
    "gammaln/short": [
        "0x1.55555468cd291p-4", "-0x1.6c0ebd08a26ffp-9", "0x1.9cf0dc2a5cc1fp-11", "-0x1.11651adc89b55p-11",
        "0x1.74a4bca116c3ap-12",
    ],
    "digamma_low/short": [
        "0x1.ef72bc8e8c969p-1", "-0x1.a99dd8468b9cep-56", "-0x1.c563b547552efp-2", "0x1.08b42a0184780p-2",
        "-0x1.4fc134f25a024p-3", "0x1.b9a540aa84856p-4", "-0x1.27b98cc6384f3p-4", "0x1.8fdafe71641b7p-5",
        "-0x1.0fd174b5a951ap-5", "0x1.71c27071cbdd2p-6", "-0x1.f45fc6e419fc4p-7", "0x1.57d01f043b9ebp-7",
        "-0x1.f74936f281546p-8", "0x1.707c04d0e1596p-8", "-0x1.b250c92f252fcp-9", "0x1.42cba02992ef3p-10",
        "-0x1.af03d6f7686a7p-13",
    ],
    "digamma/short": [
        "0x1.55554f5299ab4p-4", "-0x1.11023e66b5d7ep-7", "0x1.00d5da284ccdfp-8", "-0x1.cbf6c4af2bd35p-9",
        "0x1.73828c473ded8p-9",
    ],
    "cbrt/short": [
        "0x1.c7c511449a9f4p+0", "-0x1.9043b2c9de75cp+0", "0x1.3d8543e0c1ce7p+0", "-0x1.30e4c3022a31dp-1",
        "0x1.3dfdb233bdb6ap-3", "-0x1.1516cf3239728p-6",
    ],
    "ln2/short": [
        "0x1.62e42fefa4000p-1", "-0x1.8432a1b0e2634p-43",
    ],
    "log2_e/short": [
        "0x1.71547652b82fep+0", "0x1.777d0ffda0d24p-56",
    ],
    "log10_e/short": [
        "0x1.bcb7b1526e50ep-2", "0x1.95355baaafad3p-57",
    ],
    "log10_2/short": [
        "0x1.34413509f8000p-2", "-0x1.80433b83b532ap-44",
    ],
    "pi/short": [
        "0x1.921fb54442d18p+1", "0x1.1a62633145c07p-53", "-0x1.f1976b7ed8fbcp-109",
    ],
    "half_pi/short": [
        "0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110",
    ],
    "quarter_pi/short": [
        "0x1.921fb54442d18p-1", "0x1.1a62633145c07p-55",
    ],
    "third/short": [
        "0x1.5555555555555p-2", "0x1.5555555555555p-56",
    ],
    "lgamma_constant/short": [
        "0x1.acfe390c97d69p-2", "0x1.3494bc9001442p-56",
    ],
    "digamma_root/short": [
        "0x1.762d86356be3fp+0", "0x1.b86a722197829p-54",
    ],
    "two_log2_e/short": [
        "0x1.71547652b82fep+1", "0x1.777d0ffda0d24p-55",
    ],
    "exp/single": [
        "0x1.fffff80000000p-2", "0x1.55548e0000000p-3", "0x1.555b960000000p-5", "0x1.123bcc0000000p-7",
        "0x1.68532c0000000p-10",
    ],
    "exp2/single": [
        "0x1.62e4300000000p-1", "0x1.ebfbd80000000p-3", "0x1.c6af780000000p-5", "0x1.3b30b00000000p-7",
        "0x1.5f0a660000000p-10", "0x1.3f906c0000000p-13",
    ],
    "sinh/single": [
        "0x1.5555560000000p-3", "0x1.110fe00000000p-7", "0x1.a293d20000000p-13",
    ],
    "cosh/single": [
        "0x1.0000000000000p-1", "0x1.5554e40000000p-5", "0x1.6d514a0000000p-10",
    ],
    "log/single": [
        "0x1.55557a0000000p-1", "0x1.995ed80000000p-2", "0x1.31e03c0000000p-2",
    ],
    "log_pow/single": [
        "0x1.999a020000000p-3", "0x1.2451d40000000p-3", "0x1.dfbd080000000p-4",
    ],
    "sin/single": [
        "-0x1.5555560000000p-3", "0x1.1111300000000p-7", "-0x1.a0212c0000000p-13", "0x1.7271520000000p-19",
        "-0x1.ae00940000000p-26",
    ],
    "sin_quarter/single": [
        "-0x1.5555460000000p-3", "0x1.11077e0000000p-7", "-0x1.9956b60000000p-13",
    ],
    "cos_quarter/single": [
        "0x1.55554a0000000p-5", "-0x1.6c0c2e0000000p-10", "0x1.99ead00000000p-16",
    ],
    "atan/single": [
        "-0x1.5555480000000p-2", "0x1.9991280000000p-3", "-0x1.23ae5a0000000p-3", "0x1.b194ec0000000p-4",
        "-0x1.f062ae0000000p-5",
    ],
    "asin/single": [
        "0x1.55554c0000000p-3", "0x1.33389a0000000p-4", "0x1.6caba00000000p-5", "0x1.04a60c0000000p-5",
        "0x1.d82adc0000000p-7", "0x1.339b940000000p-5",
    ],
    "erf/single": [
        "0x1.06eba80000000p-3", "-0x1.8127400000000p-2", "0x1.ce2d500000000p-4", "-0x1.b7fe8e0000000p-6",
        "0x1.542dee0000000p-8", "-0x1.a5099e0000000p-11", "0x1.4c2f4c0000000p-14",
    ],
    "erfc/single": [
        "0x1.3ba5920000000p+0", "-0x1.2d8b100000000p-25", "-0x1.1df1ae0000000p-3", "0x1.f7f7540000000p-7",
        "0x1.16ed420000000p-4", "-0x1.9ddf3a0000000p-4", "0x1.7fea380000000p-4", "-0x1.0f8e9c0000000p-4",
        "0x1.309c0e0000000p-5", "-0x1.0b610c0000000p-6", "0x1.47f5be0000000p-8", "-0x1.1c4be40000000p-11",
        "-0x1.9a1ccc0000000p-13",
    ],
    "erf_tail/single": [
        "0x1.3b911c0000000p+0", "-0x1.28d9460000000p-3", "-0x1.6f6ad20000000p-6", "-0x1.399cfc0000000p-4",
        "-0x1.af89600000000p-2", "-0x1.3d60760000000p-2", "-0x1.45e81e0000000p-2",
    ],
    "gammaln_low/single": [
        "0x1.b0ee600000000p-2", "-0x1.9ae6500000000p-4", "0x1.0e0cda0000000p-5", "-0x1.95cd900000000p-7",
        "0x1.47b5380000000p-8", "-0x1.1434360000000p-9", "0x1.ce65ca0000000p-11", "-0x1.d766660000000p-12",
        "0x1.548cba0000000p-12", "0x1.cf0b140000000p-13", "-0x1.ea5d740000000p-18", "-0x1.2a02440000000p-11",
        "-0x1.04f4f80000000p-11", "-0x1.4bdf9c0000000p-13",
    ],
    "gammaln/single": [
        "0x1.55554c0000000p-4", "-0x1.6bdd040000000p-9", "0x1.909f660000000p-11", "-0x1.81e9120000000p-12",
    ],
    "digamma_low/single": [
        "0x1.ef72bc0000000p-1", "0x1.255d8c0000000p-26", "-0x1.c563b60000000p-2", "0x1.08b4240000000p-2",
        "-0x1.4fc0ba0000000p-3", "0x1.b9a79e0000000p-4", "-0x1.27cffa0000000p-4", "0x1.8fcbae0000000p-5",
        "-0x1.0e2e280000000p-5", "0x1.6ef2420000000p-6", "-0x1.05f5f80000000p-6", "0x1.84bc5c0000000p-7",
        "-0x1.ec5f3a0000000p-8", "0x1.942d1c0000000p-9", "-0x1.2af1220000000p-11",
    ],
    "digamma/single": [
        "0x1.55551c0000000p-4", "-0x1.10aed20000000p-7", "0x1.eb79960000000p-9", "-0x1.32ad060000000p-9",
    ],
    "cbrt/single": [
        "0x1.c7c5120000000p+0", "-0x1.9043b60000000p+0", "0x1.3d854a0000000p+0", "-0x1.30e4ce0000000p-1",
        "0x1.3dfdc40000000p-3", "-0x1.1516e40000000p-6",
    ],
    "ln2/single": [
        "0x1.62e4000000000p-1", "0x1.7f7d1c0000000p-20",
    ],
    "log2_e/single": [
        "0x1.7154760000000p+0", "0x1.4ae0c00000000p-26",
    ],
    "log10_e/single": [
        "0x1.bcb7b20000000p-2", "-0x1.5b235e0000000p-27",
    ],
    "log10_2/single": [
        "0x1.3440000000000p-2", "0x1.3509f80000000p-18",
    ],
    "pi/single": [
        "0x1.921fb60000000p+1", "-0x1.777a5c0000000p-24", "-0x1.ee59da0000000p-49",
    ],
    "half_pi/single": [
        "0x1.921fb60000000p+0", "-0x1.777a5c0000000p-25", "-0x1.ee59da0000000p-50",
    ],
    "quarter_pi/single": [
        "0x1.921fb60000000p-1", "-0x1.777a5c0000000p-26",
    ],
    "third/single": [
        "0x1.5555560000000p-2", "-0x1.5555560000000p-27",
    ],
    "lgamma_constant/single": [
        "0x1.acfe3a0000000p-2", "-0x1.e6d0520000000p-27",
    ],
    "digamma_root/single": [
        "0x1.762d860000000p+0", "0x1.ab5f200000000p-27",
    ],
    "two_log2_e/single": [
        "0x1.7154760000000p+1", "0x1.4ae0c00000000p-25",
    ],
}

#: the bits of 1/pi after the binary point, for arguments of any size
INVERSE_PI = (
    "517cc1b727220a94fe13abe8fa9a6ee06db14acc9e21c820ff28b1d5ef5de2b0db92371d2126e9700324977504e8c90e"
    "7f0ef58e5894d39f74411afa975da24274ce38135a2fbf209cc8eb1cc1a99cfa4e422fc5defc941d8ffc4bffef02cc07"
    "f79788c5ad05368fb69b3f6793e584dba7a31fb34f2ff516ba93dd63f5f2f8bd9e839cfbc529497535fdafd88fc6ae84"
    "2b0198237e3db5d5f867de104d7a1b0ed4f1c8b0af730d8432ccc2af8a503420"
)
