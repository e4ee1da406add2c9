#include "textflag.h"

// SHA-256 of two messages at once, with the SHA extensions of x86. Each message has
// its state in two registers, (A B E F) and (C D G H) of FIPS 180-4, and the last
// sixteen words of its schedule in four; X0 and X7 are for what is done with, and
// the registers of one message never meet those of the other.
//
//	first   ABEF X1   CDGH X2   words X3 X4 X5 X6
//	second  ABEF X8   CDGH X9   words X10 X11 X12 X13
//
// SI and DI point into the messages, AX to the round constants, CX counts blocks.

// LOAD takes four words of a block into W.
#define LOAD(from, at, W) \
	VMOVDQU at(from), W  \
	PSHUFB  X14, W

// ROUNDS does four rounds with the words W and the constants at byte k of the table.
#define ROUNDS(k, W, ABEF, CDGH) \
	VPADDD      k(AX), W, X0    \
	SHA256RNDS2 X0, ABEF, CDGH  \
	PSHUFD      $0x0e, X0, X0   \
	SHA256RNDS2 X0, CDGH, ABEF

// NEXT makes the four words that follow P, Q, R, S, in the place of P, to which
// SHA256MSG1 was applied with Q.
#define NEXT(P, R, S) \
	VPALIGNR   $0x04, R, S, X7 \
	PADDD      X7, P           \
	SHA256MSG2 S, P

// BOTH is four rounds of both messages.
#define BOTH(k, W, V) \
	ROUNDS(k, W, X1, X2) \
	ROUNDS(k, V, X8, X9)

// FULL is four rounds with the words S and T, the words that follow them in P and
// O, and the half of the step after in Q and N.
#define FULL(k, P, Q, R, S, O, N, M, T) \
	ROUNDS(k, S, X1, X2) \
	NEXT(P, R, S)        \
	SHA256MSG1 S, R      \
	ROUNDS(k, T, X8, X9) \
	NEXT(O, M, T)        \
	SHA256MSG1 T, M

// func blocks(a, b *[8]uint32, p, q *byte, n int)
TEXT ·blocks(SB), NOSPLIT, $64-40
	MOVQ a+0(FP), R8
	MOVQ b+8(FP), R9
	MOVQ p+16(FP), SI
	MOVQ q+24(FP), DI
	MOVQ n+32(FP), CX
	TESTQ CX, CX
	JZ done
	LEAQ rounds<>+0(SB), AX
	VMOVDQU flip<>+0(SB), X14

	// From the order of the words, A to H, to that of the instructions.
	VMOVDQU (R8), X1
	VMOVDQU 16(R8), X2
	PSHUFD  $0xb1, X1, X1
	PSHUFD  $0x1b, X2, X2
	VMOVDQA X1, X7
	PALIGNR $0x08, X2, X1
	PBLENDW $0xf0, X7, X2
	VMOVDQU (R9), X8
	VMOVDQU 16(R9), X9
	PSHUFD  $0xb1, X8, X8
	PSHUFD  $0x1b, X9, X9
	VMOVDQA X8, X7
	PALIGNR $0x08, X9, X8
	PBLENDW $0xf0, X7, X9

loop:
	VMOVDQU X1, 0(SP)
	VMOVDQU X2, 16(SP)
	VMOVDQU X8, 32(SP)
	VMOVDQU X9, 48(SP)

	LOAD(SI, 0, X3)
	LOAD(DI, 0, X10)
	BOTH(0, X3, X10)
	LOAD(SI, 16, X4)
	LOAD(DI, 16, X11)
	BOTH(16, X4, X11)
	SHA256MSG1 X4, X3
	SHA256MSG1 X11, X10
	LOAD(SI, 32, X5)
	LOAD(DI, 32, X12)
	BOTH(32, X5, X12)
	SHA256MSG1 X5, X4
	SHA256MSG1 X12, X11
	LOAD(SI, 48, X6)
	LOAD(DI, 48, X13)
	FULL(48, X3, X4, X5, X6, X10, X11, X12, X13)
	FULL(64, X4, X5, X6, X3, X11, X12, X13, X10)
	FULL(80, X5, X6, X3, X4, X12, X13, X10, X11)
	FULL(96, X6, X3, X4, X5, X13, X10, X11, X12)
	FULL(112, X3, X4, X5, X6, X10, X11, X12, X13)
	FULL(128, X4, X5, X6, X3, X11, X12, X13, X10)
	FULL(144, X5, X6, X3, X4, X12, X13, X10, X11)
	FULL(160, X6, X3, X4, X5, X13, X10, X11, X12)
	FULL(176, X3, X4, X5, X6, X10, X11, X12, X13)
	FULL(192, X4, X5, X6, X3, X11, X12, X13, X10)
	ROUNDS(208, X4, X1, X2)
	NEXT(X5, X3, X4)
	ROUNDS(208, X11, X8, X9)
	NEXT(X12, X10, X11)
	ROUNDS(224, X5, X1, X2)
	NEXT(X6, X4, X5)
	ROUNDS(224, X12, X8, X9)
	NEXT(X13, X11, X12)
	BOTH(240, X6, X13)

	VPADDD 0(SP), X1, X1
	VPADDD 16(SP), X2, X2
	VPADDD 32(SP), X8, X8
	VPADDD 48(SP), X9, X9
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  loop

	PSHUFD  $0x1b, X1, X1
	PSHUFD  $0xb1, X2, X2
	VMOVDQA X1, X7
	PBLENDW $0xf0, X2, X1
	PALIGNR $0x08, X7, X2
	VMOVDQU X1, (R8)
	VMOVDQU X2, 16(R8)
	PSHUFD  $0x1b, X8, X8
	PSHUFD  $0xb1, X9, X9
	VMOVDQA X8, X7
	PBLENDW $0xf0, X9, X8
	PALIGNR $0x08, X7, X9
	VMOVDQU X8, (R9)
	VMOVDQU X9, 16(R9)

done:
	RET

// func cpuid(leaf, sub uint32) (a, b, c uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-20
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	RET

// func xgetbv() uint32
TEXT ·xgetbv(SB), NOSPLIT, $0-4
	XORL CX, CX
	XGETBV
	MOVL AX, ret+0(FP)
	RET

// The words of a message are big-endian.
DATA flip<>+0(SB)/8, $0x0405060700010203
DATA flip<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL flip<>(SB), RODATA|NOPTR, $16

// FIPS 180-4, 4.2.2.
DATA rounds<>+0x00(SB)/8, $0x71374491428a2f98
DATA rounds<>+0x08(SB)/8, $0xe9b5dba5b5c0fbcf
DATA rounds<>+0x10(SB)/8, $0x59f111f13956c25b
DATA rounds<>+0x18(SB)/8, $0xab1c5ed5923f82a4
DATA rounds<>+0x20(SB)/8, $0x12835b01d807aa98
DATA rounds<>+0x28(SB)/8, $0x550c7dc3243185be
DATA rounds<>+0x30(SB)/8, $0x80deb1fe72be5d74
DATA rounds<>+0x38(SB)/8, $0xc19bf1749bdc06a7
DATA rounds<>+0x40(SB)/8, $0xefbe4786e49b69c1
DATA rounds<>+0x48(SB)/8, $0x240ca1cc0fc19dc6
DATA rounds<>+0x50(SB)/8, $0x4a7484aa2de92c6f
DATA rounds<>+0x58(SB)/8, $0x76f988da5cb0a9dc
DATA rounds<>+0x60(SB)/8, $0xa831c66d983e5152
DATA rounds<>+0x68(SB)/8, $0xbf597fc7b00327c8
DATA rounds<>+0x70(SB)/8, $0xd5a79147c6e00bf3
DATA rounds<>+0x78(SB)/8, $0x1429296706ca6351
DATA rounds<>+0x80(SB)/8, $0x2e1b213827b70a85
DATA rounds<>+0x88(SB)/8, $0x53380d134d2c6dfc
DATA rounds<>+0x90(SB)/8, $0x766a0abb650a7354
DATA rounds<>+0x98(SB)/8, $0x92722c8581c2c92e
DATA rounds<>+0xa0(SB)/8, $0xa81a664ba2bfe8a1
DATA rounds<>+0xa8(SB)/8, $0xc76c51a3c24b8b70
DATA rounds<>+0xb0(SB)/8, $0xd6990624d192e819
DATA rounds<>+0xb8(SB)/8, $0x106aa070f40e3585
DATA rounds<>+0xc0(SB)/8, $0x1e376c0819a4c116
DATA rounds<>+0xc8(SB)/8, $0x34b0bcb52748774c
DATA rounds<>+0xd0(SB)/8, $0x4ed8aa4a391c0cb3
DATA rounds<>+0xd8(SB)/8, $0x682e6ff35b9cca4f
DATA rounds<>+0xe0(SB)/8, $0x78a5636f748f82ee
DATA rounds<>+0xe8(SB)/8, $0x8cc7020884c87814
DATA rounds<>+0xf0(SB)/8, $0xa4506ceb90befffa
DATA rounds<>+0xf8(SB)/8, $0xc67178f2bef9a3f7
GLOBL rounds<>(SB), RODATA|NOPTR, $256
