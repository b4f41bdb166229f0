// How the broker reaches the network: what is in force, and how to change it. Nothing here is changed from the window.
import { Card, Fact, Facts } from '../design/card.tsx';
import { OutsideText } from '../design/outside-text.tsx';
import { useKnown } from '../store/context.tsx';
import styles from './rows.module.css';
import text from './text.module.css';

export function NetworkCard() {
  const network = useKnown()?.settings.network;
  if (network === undefined) return null;
  const { httpsProxy, httpProxy, noProxy, caFiles } = network;
  return (
    <Card title="Network" about="As it was when the broker started.">
      <div className={styles.parts}>
        <Facts>
          <Fact name="Proxy for https">{shown(httpsProxy, 'none, direct')}</Fact>
          <Fact name="Proxy for http">{shown(httpProxy, 'none, direct')}</Fact>
          <Fact name="Without proxy">{shown(noProxy, 'this machine only')}</Fact>
          <Fact name="Certificates">
            {caFiles.length === 0 ? (
              'those that come with Tokentray'
            ) : (
              <>
                those that come with Tokentray, and
                <ul>
                  {caFiles.map((file) => (
                    <li key={file}>
                      <OutsideText fit="wrap" mono>
                        {file}
                      </OutsideText>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </Fact>
        </Facts>
        <p className={styles.small}>
          To change it, set <code>HTTPS_PROXY</code>, <code>HTTP_PROXY</code> and <code>NO_PROXY</code> in the
          environment, or <code>TOKENTRAY_CA_FILES</code> to one or more PEM files of your own authorities (
          <code className={text.whole}>tokentray serve --ca</code>), and start Tokentray again. Certificates are always
          checked.
        </p>
      </div>
    </Card>
  );
}

const shown = (value: string | null, none: string) =>
  value === null ? (
    none
  ) : (
    <OutsideText fit="wrap" mono>
      {value}
    </OutsideText>
  );
