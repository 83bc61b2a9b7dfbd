//! The functions that only compute. Absent is what reads files, tables, dictionaries, settings or the machine (`file`,
//! `joinGet`, `dictGet…`, `getSetting`, `hostName`), asks others (`aiGenerate`), waits (`sleep`), writes a log (`logTrace`),
//! gets functions or formats as text (`arrayReduce`, `formatRow`), reads states as bytes, takes the square of a length in one step, where no
//! limit of time is looked at, and people can do without (`editDistance`, `hasAny`, `extractAll`), or is of no use here.
//!
//! Not every listed function stops in time. What searches one text in another (`position`, `like`, `countSubstrings`,
//! `replaceAll`, `multiSearch…`, `ngramDistance`, `extract` and `match` with a pattern that backs up) takes the product of both lengths for one row,
//! without a look at the clock: minutes, of texts of megabytes. Then the embedded ClickHouse is started anew
//! (`stuck_ms` of its options), and until then people have half of its places at most.
//!
//! Case does not count: ClickHouse has many of them in several spellings.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Over rows. A combinator may follow: `countIf`, `quantilesState`.
const AGGREGATES: &str = "
    any anyHeavy anyLast any_respect_nulls anyLast_respect_nulls any_value approx_top_count approx_top_k approx_top_sum
    argAndMax argAndMin argMax argMin array_agg avg avgWeighted boundingRatio categoricalInformationValue
    contingency corr corrMatrix corrStable count covarPop covarPopMatrix covarPopStable covarSamp covarSampMatrix covarSampStable
    cramersV cramersVBiasCorrected cume_dist deltaSum deltaSumTimestamp dense_rank denseRank entropy
    exponentialMovingAverage exponentialTimeDecayedAvg exponentialTimeDecayedCount exponentialTimeDecayedMax
    exponentialTimeDecayedSum first_value groupArray groupArrayInsertAt groupArrayIntersect groupArrayLast
    groupArrayMovingAvg groupArrayMovingSum groupArraySample groupArraySorted groupBitAnd groupBitOr groupBitXor groupBitmap
    groupConcat groupUniqArray group_concat histogram intervalLengthSum kolmogorovSmirnovTest kurtPop kurtSamp lag lagInFrame
    largestTriangleThreeBuckets last_value lead leadInFrame lttb mannWhitneyUTest max max_by maxIntersections
    maxIntersectionsPosition maxMappedArrays meanZTest median medianDD medianDeterministic medianExact medianExactHigh
    medianExactLow medianExactWeighted medianExactWeightedInterpolated medianGK medianInterpolatedWeighted medianTDigest
    medianTDigestWeighted medianTiming medianTimingWeighted min min_by minMappedArrays nonNegativeDerivative nth_value ntile
    percent_rank percentRank quantile quantileDD quantileDeterministic quantileExact quantileExactExclusive quantileExactHigh
    quantileExactInclusive quantileExactLow quantileExactWeighted quantileExactWeightedInterpolated quantileGK
    quantileInterpolatedWeighted quantileTDigest quantileTDigestWeighted quantileTiming quantileTimingWeighted quantiles
    quantilesDD quantilesDeterministic quantilesExact quantilesExactExclusive quantilesExactHigh quantilesExactInclusive
    quantilesExactLow quantilesExactWeighted quantilesExactWeightedInterpolated quantilesGK quantilesInterpolatedWeighted
    quantilesTDigest quantilesTDigestWeighted quantilesTiming quantilesTimingWeighted rank rankCorr retention row_number
    sequenceCount sequenceMatch sequenceMatchEvents sequenceNextNode simpleLinearRegression singleValueOrNull skewPop skewSamp
    sparkbar std stddev stddevPop stddevPopStable stddevSamp stddevSampStable stddev_pop stddev_samp string_agg studentTTest
    studentTTestOneSample sum sumCount sumKahan sumMapFiltered sumMappedArrays sumWithOverflow theilsU topK topKWeighted uniq
    uniqCombined uniqCombined64 uniqExact uniqHLL12 uniqUpTo varPop varPopStable varSamp varSampStable var_pop var_samp
    welchTTest windowFunnel";

/// What may follow an aggregate's name.
const COMBINATORS: [&str; 15] = [
    "if",
    "array",
    "map",
    "state",
    "simplestate",
    "merge",
    "mergestate",
    "foreach",
    "distinct",
    "ordefault",
    "ornull",
    "resample",
    "argmin",
    "argmax",
    "_respect_nulls",
];

/// On a row.
const SCALARS: &str = "
    tuple tupleElement tupleConcat tupleDivide tupleHammingDistance tupleMinus tupleMultiply tupleNames tupleNegate tuplePlus
    tupleToNameValuePairs untuple dotProduct flattenTuple lambda
    and or not xor if multiIf caseWithExpression caseWithExpr caseWithoutExpression caseWithoutExpr clamp greatest least
    equals notEquals less lessOrEquals greater greaterOrEquals isDistinctFrom isNotDistinctFrom in notIn nullIn notNullIn globalIn
    globalNotIn globalNullIn globalNotNullIn exists
    assumeNotNull coalesce firstNonDefault ifNull isNotNull isNull isNullable isZeroOrNull nullIf toNullable
    abs avg2 divide divideDecimal divideOrNull gcd ifNotFinite intDiv intDivOrNull intDivOrZero isFinite isInfinite isNaN lcm
    max2 midpoint min2 minus mod modulo moduloOrNull moduloOrZero multiply multiplyDecimal negate plus positiveModulo pmod sqr
    acos acosh asin asinh atan atan2 atanh cbrt cos cosh degrees e erf erfc exp exp10 exp2 factorial hypot intExp10 intExp2 lgamma ln
    log log10 log1p log2 pi pow power proportionsZTest radians sigmoid sign sin sinh sqrt tan tanh tgamma widthBucket width_bucket
    ceil ceiling floor round roundAge roundBankers roundDown roundDuration roundToExp2 trunc truncate
    bitAnd bitCount bitHammingDistance bitNot bitOr bitRotateLeft bitRotateRight bitShiftLeft bitShiftRight bitSlice bitTest
    bitTestAll bitTestAny bitXor byteSwap
    bitmapAnd bitmapAndCardinality bitmapAndnot bitmapAndnotCardinality bitmapBuild bitmapCardinality bitmapContains bitmapHasAll
    bitmapHasAny bitmapMax bitmapMin bitmapOr bitmapOrCardinality bitmapSubsetInRange bitmapSubsetLimit bitmapToArray
    bitmapTransform bitmapXor bitmapXorCardinality subBitmap
    array arrayAUC arrayAUCPR arrayAll arrayAutocorrelation arrayAvg arrayCompact arrayConcat arrayCount arrayCumSum
    arrayCumSumNonNegative arrayDifference arrayDistinct arrayDotProduct arrayElement arrayElementOrNull arrayEnumerate
    arrayEnumerateDense arrayEnumerateDenseRanked arrayEnumerateUniq arrayEnumerateUniqRanked arrayExcept arrayExists arrayFill
    arrayFilter arrayFirst arrayFirstIndex arrayFirstOrNull arrayFlatten arrayFold arrayIntersect arrayJaccardIndex arrayJoin
    arrayLast arrayLastIndex arrayLastOrNull arrayMap arrayMax arrayMin arrayPartialReverseSort arrayPartialSort arrayPopBack
    arrayPopFront arrayProduct arrayPushBack arrayPushFront arrayROCAUC arrayRemove arrayResize arrayReverse arrayReverseFill
    arrayReverseSort arrayReverseSplit arrayRotateLeft arrayRotateRight arrayShiftLeft arrayShiftRight arrayShingles arraySlice
    arraySort arraySplit arraySum arraySymmetricDifference arrayUnion arrayUniq arrayWithConstant arrayZip arrayZipUnaligned
    countEqual empty emptyArrayDate emptyArrayDateTime emptyArrayFloat32 emptyArrayFloat64 emptyArrayInt16 emptyArrayInt32
    emptyArrayInt64 emptyArrayInt8 emptyArrayString emptyArrayToSingle emptyArrayUInt16 emptyArrayUInt32 emptyArrayUInt64
    emptyArrayUInt8 flatten has hasSubstr indexOf indexOfAssumeSorted length notEmpty range replicate reverse
    L1Distance L1Norm L2Distance L2Norm cosineDistance
    map mapAdd mapAll mapApply mapConcat mapContains mapContainsKey mapContainsKeyLike mapContainsValue mapContainsValueLike mapExists
    mapExtractKeyLike mapExtractValueLike mapFilter mapFromArrays mapKeys mapPartialReverseSort mapPartialSort mapPopulateSeries
    mapReverseSort mapSort mapSubtract mapUpdate mapValues
    appendTrailingCharIfAbsent ascii base32Decode base32Encode base58Decode base58Encode base64Decode base64Encode base64URLDecode
    base64URLEncode basename byteHammingDistance char CHAR_LENGTH CHARACTER_LENGTH concat concat_ws concatWithSeparator
    decodeHTMLComponent decodeXMLComponent encodeXMLComponent endsWith
    endsWithUTF8 firstLine initcap initcapUTF8 instr isValidUTF8 lcase left leftPad leftPadUTF8
    leftUTF8 lengthUTF8 lower lowerUTF8 lpad ltrim mid normalizeUTF8NFC normalizeUTF8NFD normalizeUTF8NFKC
    normalizeUTF8NFKD OCTET_LENGTH repeat reverseUTF8 right rightPad rightPadUTF8 rightUTF8 rpad rtrim soundex space startsWith
    startsWithUTF8 stringJaccardIndex substr substring substringIndex substringIndexUTF8 SUBSTRING_INDEX substringUTF8 toValidUTF8
    trim trimBoth trimLeft trimRight tryBase64Decode tryBase64URLDecode ucase upper upperUTF8
    alphaTokens arrayStringConcat array_to_string ngrams splitByAlpha splitByChar splitByNonAlpha
    splitByString splitByWhitespace tokens
    countSubstrings countSubstringsCaseInsensitive extract
    extractGroups hasAllTokens hasAnyTokens hasPhrase hasSubsequence hasSubsequenceCaseInsensitive hasToken
    hasTokenCaseInsensitive hasTokenCaseInsensitiveOrNull hasTokenOrNull ilike like locate match multiSearchAllPositions
    multiSearchAllPositionsCaseInsensitive multiSearchAny multiSearchAnyCaseInsensitive multiSearchFirstIndex
    multiSearchFirstPosition ngramDistance ngramSearch notILike notLike position positionCaseInsensitive
    positionCaseInsensitiveUTF8 positionUTF8 REGEXP_EXTRACT REGEXP_MATCHES REGEXP_SUBSTR regexpExtract
    format overlay overlayUTF8 printf regexpQuoteMeta replace replaceAll replaceOne
    replaceRegexpOne translate translateUTF8
    URLHierarchy URLPathHierarchy cutFragment cutQueryString cutQueryStringAndFragment cutToFirstSignificantSubdomain
    cutURLParameter cutWWW decodeURLComponent decodeURLFormComponent domain domainRFC domainWithoutWWW encodeURLComponent
    encodeURLFormComponent extractURLParameter extractURLParameterNames extractURLParameters firstSignificantSubdomain fragment
    netloc path pathFull port portRFC protocol queryString queryStringAndFragment topLevelDomain
    JSONArrayLength JSONExtract JSONExtractArrayRaw JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractKeys
    JSONExtractKeysAndValues JSONExtractKeysAndValuesRaw JSONExtractRaw JSONExtractString JSONExtractUInt JSONHas JSONKey JSONLength
    JSONType JSON_EXISTS JSON_QUERY JSON_VALUE isValidJSON simpleJSONExtractBool simpleJSONExtractFloat simpleJSONExtractInt
    simpleJSONExtractRaw simpleJSONExtractString simpleJSONExtractUInt simpleJSONHas toJSONString visitParamExtractBool
    visitParamExtractFloat visitParamExtractInt visitParamExtractRaw visitParamExtractString visitParamExtractUInt visitParamHas
    extractKeyValuePairs
    CRC32 CRC64 MD5 SHA1 SHA256 SHA512 cityHash64 farmHash64 halfMD5 intHash32 intHash64 jumpConsistentHash metroHash64
    murmurHash2_32 murmurHash2_64 murmurHash3_128 murmurHash3_32 murmurHash3_64 sipHash128 sipHash64 wyHash64 xxHash32 xxHash64 xxh3
    bin hex unbin unhex bitmaskToArray bitmaskToList bitPositionsToArray
    UUIDNumToString UUIDStringToNum UUIDv7ToDateTime generateUUIDv4 generateUUIDv7 toUUID toUUIDOrDefault toUUIDOrNull
    toUUIDOrZero
    IPv4NumToString IPv4StringToNum IPv4ToIPv6 IPv6NumToString IPv6StringToNum isIPAddressInRange isIPv4String isIPv6String toIPv4
    toIPv4OrNull toIPv6 toIPv6OrNull
    CAST _CAST accurateCast accurateCastOrDefault accurateCastOrNull fromUnixTimestamp64Micro fromUnixTimestamp64Milli
    fromUnixTimestamp64Nano fromUnixTimestamp64Second parseDateTime parseDateTime32BestEffort parseDateTime32BestEffortOrNull
    parseDateTime32BestEffortOrZero parseDateTime64 parseDateTime64BestEffort parseDateTime64BestEffortOrNull
    parseDateTime64BestEffortOrZero parseDateTime64OrNull parseDateTime64OrZero parseDateTimeBestEffort
    parseDateTimeBestEffortOrNull parseDateTimeBestEffortOrZero parseDateTimeInJodaSyntax parseDateTimeOrNull parseDateTimeOrZero
    DATE toBool toDate toDate32 toDate32OrNull toDate32OrZero toDateOrDefault toDateOrNull toDateOrZero toDateTime toDateTime32
    toDateTime64 toDateTime64OrDefault toDateTime64OrNull toDateTime64OrZero toDateTimeOrDefault toDateTimeOrNull toDateTimeOrZero
    toDecimal128 toDecimal256 toDecimal32 toDecimal32OrNull toDecimal32OrZero toDecimal64 toDecimal64OrNull toDecimal64OrZero
    toDecimalString toFixedString toFloat32 toFloat32OrDefault toFloat32OrNull toFloat32OrZero toFloat64 toFloat64OrDefault
    toFloat64OrNull toFloat64OrZero toInt128 toInt16 toInt16OrNull toInt16OrZero toInt256 toInt32 toInt32OrDefault toInt32OrNull
    toInt32OrZero toInt64 toInt64OrDefault toInt64OrNull toInt64OrZero toInt8 toInt8OrNull toInt8OrZero toInterval toIntervalDay
    toIntervalHour toIntervalMicrosecond toIntervalMillisecond toIntervalMinute toIntervalMonth toIntervalNanosecond
    toIntervalQuarter toIntervalSecond toIntervalWeek toIntervalYear toLowCardinality toString toStringCutToZero toTime toTime64
    toUInt128 toUInt16 toUInt16OrNull toUInt16OrZero toUInt256 toUInt32 toUInt32OrDefault toUInt32OrNull toUInt32OrZero toUInt64
    toUInt64OrDefault toUInt64OrNull toUInt64OrZero toUInt8 toUInt8OrNull toUInt8OrZero toUnixTimestamp64Micro
    toUnixTimestamp64Milli toUnixTimestamp64Nano toUnixTimestamp64Second
    UTCTimestamp UTC_timestamp YYYYMMDDToDate YYYYMMDDhhmmssToDateTime addDate addDays addHours addInterval addMicroseconds
    addMilliseconds addMinutes addMonths addNanoseconds addQuarters addSeconds addWeeks addYears age changeDay changeHour
    changeMinute changeMonth changeSecond changeYear curdate current_date current_timestamp dateDiff DATE_DIFF dateName dateTrunc
    DATE_TRUNC date_bin DATE_FORMAT DAY DAYOFMONTH DAYOFWEEK DAYOFYEAR formatDateTime formatDateTimeInJodaSyntax fromDaysSinceYearZero
    FROM_UNIXTIME fromUTCTimestamp fromUnixTimestamp fromUnixTimestampInJodaSyntax HOUR LAST_DAY localtime makeDate makeDate32
    makeDateTime makeDateTime64 MINUTE MONTH monthName now now64 nowInBlock QUARTER SECOND subDate subtractDays subtractHours
    subtractInterval subtractMicroseconds subtractMilliseconds subtractMinutes subtractMonths subtractNanoseconds subtractQuarters
    subtractSeconds subtractWeeks subtractYears timeDiff timeSlot timeSlots timestamp TIMESTAMP_DIFF time_bucket toDayOfMonth
    toDayOfWeek toDayOfYear toDaysInMonth toDaysSinceYearZero toHour toISOWeek toISOYear toLastDayOfMonth toLastDayOfWeek
    toMicrosecond toMillisecond toMinute toMonday toMonth toMonthNumSinceEpoch toNanosecond toQuarter toRelativeDayNum
    toRelativeHourNum toRelativeMinuteNum toRelativeMonthNum toRelativeQuarterNum toRelativeSecondNum toRelativeWeekNum
    toRelativeYearNum toSecond toStartOfDay toStartOfFifteenMinutes toStartOfFiveMinutes toStartOfFiveMinute toStartOfHour
    toStartOfISOYear toStartOfInterval toStartOfMicrosecond toStartOfMillisecond toStartOfMinute toStartOfMonth toStartOfNanosecond
    toStartOfQuarter toStartOfSecond toStartOfTenMinutes toStartOfWeek toStartOfYear toTimeWithFixedDate toTimezone toTimeZone
    TO_UNIXTIME toUTCTimestamp toUnixTimestamp toWeek toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toYear toYearNumSinceEpoch toYearWeek today
    week YEAR yearweek yesterday tumble tumbleEnd tumbleStart hop hopEnd hopStart
    seriesDecomposeSTL seriesOutliersDetectTukey
    bar byteSize finalizeAggregation formatReadableDecimalSize formatReadableQuantity formatReadableSize FORMAT_BYTES
    formatReadableTimeDelta identity ignore indexHint materialize parseReadableSize parseTimeDelta grouping rowNumberInAllBlocks
    rowNumberInBlock runningDifference toTypeName toColumnTypeName transform visibleWidth
    rand rand32 rand64 randConstant randUniform randNormal randCanonical
    greatCircleAngle greatCircleDistance geoDistance geohashDecode geohashEncode";

/// The lists, in small letters.
struct Allowed {
    scalars: HashSet<String>,
    aggregates: HashSet<String>,
}

static ALLOWED: LazyLock<Allowed> = LazyLock::new(|| {
    let set = |names: &str| names.split_whitespace().map(str::to_ascii_lowercase).collect();
    Allowed {
        scalars: set(SCALARS),
        aggregates: set(AGGREGATES),
    }
});

/// Whether the function called `name`, in small letters, may be used.
pub(super) fn is_allowed(name: &str) -> bool {
    ALLOWED.scalars.contains(name) || is_aggregate(name)
}

/// An aggregate, perhaps with combinators behind its name.
fn is_aggregate(name: &str) -> bool {
    if ALLOWED.aggregates.contains(name) {
        return true;
    }
    let shorter = COMBINATORS
        .iter()
        .filter_map(|combinator| name.strip_suffix(combinator));
    shorter.filter(|rest| !rest.is_empty()).any(is_aggregate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinators_follow_aggregates() {
        for (name, allowed) in [
            ("count", true),
            ("countif", true),
            ("countdistinct", true),
            ("quantilesexactweightedif", true),
            ("sumarrayif", true),
            ("uniqmergestate", true),
            ("any_respect_nulls", true),
            ("if", true),
            ("merge", false),
            ("state", false),
            ("lengthif", false),
            ("fileif", false),
        ] {
            assert_eq!(is_allowed(name), allowed, "{name}");
        }
    }

    #[test]
    fn what_reaches_beyond_its_arguments_is_on_no_list() {
        for name in "
            addressToLine aiGenerate AIClassify aggThrow arrayReduce arrayReduceInRanges buildId catboostEvaluate chdb currentDatabase
            currentUser editDistance dictGet dictGetOrDefault dictHas displayName encrypt evalMLMethod file filesystemAvailable formatQuery
            formatRow FQDN generateRandomStructure getClientHTTPHeader getMacro getOSKernelVersion getServerSetting getSetting
            globalVariable groupFormat hasColumnInTable hostName initializeAggregation joinGet logTrace mergeTreePartInfo
            queryID regionToName s3 serverUUID showCertificate sleep sleepEachRow tcpPort throwIf uptime url user version
            viewExplain zookeeperSessionUptime"
            .split_whitespace()
        {
            assert!(!is_allowed(&name.to_ascii_lowercase()), "{name}");
        }
    }
}
