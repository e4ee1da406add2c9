package tamga.lab;

import java.util.Map;
import java.util.TreeMap;

import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.AbstractTokenizerFactory;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * Registers, in the reduced server that the tests run, language analysis that a
 * full Elasticsearch has built in, under the same names: its Lucene classes are
 * there, only their registration is missing. The program's own index uses none of
 * it; the security index and comparisons with Lucene's analysers do.
 */
public class LabAnalysisPlugin extends Plugin implements AnalysisPlugin {

    /** An analyser is made anew at each call: the index that has one closes it. */
    private interface Make {
        Analyzer analyzer();
    }

    private static final class Provider extends AbstractIndexAnalyzerProvider<Analyzer> {
        private final Analyzer analyzer;

        Provider(String name, Settings settings, Analyzer analyzer) {
            super(name, settings);
            this.analyzer = analyzer;
        }

        @Override
        public Analyzer get() {
            return analyzer;
        }
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> analyzer(Make make) {
        return (IndexSettings index, Environment env, String name, Settings settings) -> new Provider(name, settings, make.analyzer());
    }

    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> all = new TreeMap<>();
        all.put("russian", analyzer(RussianAnalyzer::new));
        all.put("english", analyzer(EnglishAnalyzer::new));
        return all;
    }

    /** What a filter does to a stream, with the settings it was declared with. */
    private interface Wrap {
        TokenStream wrap(TokenStream in, Settings settings);
    }

    private static final class Filter extends AbstractTokenFilterFactory {
        private final Wrap wrap;
        private final Settings settings;

        Filter(String name, Settings settings, Wrap wrap) {
            super(name, settings);
            this.wrap = wrap;
            this.settings = settings;
        }

        @Override
        public TokenStream create(TokenStream in) {
            return wrap.wrap(in, settings);
        }
    }

    private static AnalysisProvider<TokenFilterFactory> filter(Wrap wrap) {
        return (IndexSettings index, Environment env, String name, Settings settings) -> new Filter(name, settings, wrap);
    }

    private static String snowball(String language) {
        String l = language.toLowerCase(java.util.Locale.ROOT);
        return Character.toUpperCase(l.charAt(0)) + l.substring(1);
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> all = new TreeMap<>();
        all.put("stemmer", filter((in, s) -> new SnowballFilter(in, snowball(s.get("language", "english")))));
        all.put("asciifolding", filter((in, s) -> new ASCIIFoldingFilter(in, s.getAsBoolean("preserve_original", false))));
        all.put("unique", filter((in, s) -> new RemoveDuplicatesTokenFilter(in)));
        all.put("pattern_capture", filter((in, s) -> {
            java.util.regex.Pattern[] patterns = s.getAsList("patterns").stream()
                .map(java.util.regex.Pattern::compile).toArray(java.util.regex.Pattern[]::new);
            return new PatternCaptureGroupTokenFilter(in, s.getAsBoolean("preserve_original", true), patterns);
        }));
        return all;
    }

    private static final class UrlEmail extends AbstractTokenizerFactory {
        UrlEmail(IndexSettings index, Settings settings, String name) {
            super(index, settings, name);
        }

        @Override
        public Tokenizer create() {
            return new UAX29URLEmailTokenizer();
        }
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        Map<String, AnalysisProvider<TokenizerFactory>> all = new TreeMap<>();
        all.put("uax_url_email", (index, env, name, settings) -> new UrlEmail(index, settings, name));
        return all;
    }
}
